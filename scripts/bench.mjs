// `npm run bench`: kafka-drain beside a plain consumer loop, in turn on the same real servers, as ratios.
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';

const USAGE = `npm run bench -- [options]
  --rounds <n>  counted rounds, after one warm-up; 5`;

await runCommand(async () => {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap();
  const { runBench } = await import('../dist/bench/main.js');
  return runBench(Number(values.rounds));
});
