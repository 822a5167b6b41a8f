// `npm run faults`: the real system under every fault, judged by an oracle, on servers of its own.
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';

const USAGE = `npm run faults -- [options]
  --fault <name>     F1 … F15, or one variant such as "F1 after-write"; repeatable; everything
  --seed <n>         decides everything random; another one each time
  --times <n>        episodes of each variant; until its goal is reached, earlier invocations included
  --minutes <n>      no episode begins later
  --lanes <n>        episodes at the same time; 6
  --short            the few that npm test runs, once each, on smaller topics; adds nothing to the results
  --dry              doesn't add to test/faults/results.json
  --list             the variants
  --report           writes docs/reliability.md from test/faults/results.json`;

const number = (text) => (text === undefined ? undefined : Number(text));

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      fault: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      times: { type: 'string' },
      minutes: { type: 'string' },
      lanes: { type: 'string', default: '6' },
      short: { type: 'boolean', default: false },
      dry: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap();
  if (values.report) return (await import('../dist/test/faults/report.js')).writeReport();
  const { listFaults, runFaults } = await import('../dist/test/faults/main.js');
  if (values.list) return listFaults();
  return runFaults({
    faults: values.fault,
    seed: number(values.seed),
    times: values.short ? 1 : number(values.times),
    minutes: number(values.minutes),
    lanes: Number(values.lanes),
    record: !values.dry && !values.short,
    short: values.short,
  });
});
