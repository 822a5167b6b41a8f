// `npm test`: the whole suite, or the files whose path contains a word, against real servers on free ports.
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';
import { serversFor } from './lib/packages.mjs';

const USAGE = `npm test -- [options] [part of a test file's path …]
  --timeout <seconds>  limit of one test file; 300
  --concurrency <n>    test files at the same time; 2`;

// Its tests are in `test/end-to-end/registry.test.ts`.
const needsRegistry = (filter) => 'end-to-end/registry'.includes(filter) || filter.includes('registry');

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      timeout: { type: 'string', default: '300' },
      concurrency: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap(serversFor({ tests: positionals.length === 0 || positionals.some(needsRegistry) }));
  const { runTests } = await import('../dist/stack/test-runner.js');
  return runTests({
    filters: positionals,
    timeoutSeconds: Number(values.timeout),
    concurrency: Number(values.concurrency),
  });
});
