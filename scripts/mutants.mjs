// `npm run test:mutants`: switches on known bugs one by one in a copy of the compiled code; every one must make a test fail.
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';

const USAGE = `npm run test:mutants -- [options] [part of a mutant's name, bug or file …]
  --list  only names them`;

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap();
  const { runMutants } = await import('../dist/test/mutants/run-mutants.js');
  return runMutants({ filters: positionals, list: values.list });
});
