import { buildIfNeeded } from './build.mjs';
import { fetchServers } from './fetch.mjs';
import { installIfNeeded } from './install.mjs';
import { waitForLock } from './lock.mjs';
import { locate, packages, root, serversFor } from './packages.mjs';
import { createProgress } from './progress.mjs';
import { describeProblems, findProblems, gatherFacts } from './requirements.mjs';

/**
 * Makes a fresh clone ready for the named servers: checks what the machine must offer, then fetches the servers, installs the dependencies and builds.
 * Afterwards the environment of this process names the servers for `stack/binaries.ts`. Takes well under a second when all is there.
 */
export async function bootstrap(servers = serversFor({ tests: false })) {
  const facts = gatherFacts(process.env, servers);
  const problems = findProblems(facts);
  if (problems.length > 0) throw new Error(describeProblems(problems));
  const progress = createProgress();
  const lock = await waitForLock(`bootstrap ${root}`, (holder) =>
    progress.done('', `Waiting for process ${holder}, which is preparing this checkout …`),
  );
  try {
    const prepared = installIfNeeded(progress).then(() => buildIfNeeded(progress));
    const results = await Promise.allSettled([fetchServers(facts.missing, progress), prepared]);
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason.message] : [],
    );
    if (failures.length > 0) throw new Error(failures.join('\n'));
  } finally {
    lock.release();
  }
  process.env.KAFKA_DRAIN_JAVA = facts.java.path;
  for (const name of servers) process.env[packages[name].environment] = locate(name);
}

/**
 * Runs a command's main function, then ends this process with the exit code that it gave: an expected failure is one message on
 * standard error and exit code 1, never a stack trace. Whatever was being started at that moment ends with the process.
 */
export async function runCommand(main) {
  try {
    process.exit((await main()) ?? 0);
  } catch (error) {
    console.error(process.env.KAFKA_DRAIN_DEBUG ? error : error.message);
    process.exit(1);
  }
}
