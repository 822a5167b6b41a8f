// `npm start`: the whole thing on servers of its own, with sample orders, until Ctrl-C.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';
import { acquireLock } from './lib/lock.mjs';
import { root } from './lib/packages.mjs';

const USAGE = `npm start -- [options]
  --once           end after the first run's result; exit code 0 only if it is good
  --fresh          forget the data of earlier starts
  --port-base <n>  ports n+92 (Kafka), n+93 (its controller), n+17 (MongoDB), n+233 (Temporal), n+1233 (Web UI), n+80 (worker); 17000`;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      'port-base': { type: 'string', default: '17000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const lock = await acquireLock(`demo ${root}`);
  if ('holder' in lock) {
    throw new Error(
      `\`npm start\` is already running in this folder (process ${lock.holder}): stop it with Ctrl-C in its terminal, or with \`kill ${lock.holder}\`.`,
    );
  }
  await bootstrap();
  const { runDemo } = await import('../dist/demo/main.js');
  const folder = join(root, '.data', 'demo');
  return runDemo({ folder, portBase: Number(values['port-base']), once: values.once, fresh: values.fresh });
});
