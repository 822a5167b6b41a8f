// `npm run stack`: the servers alone, for development.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';
import { root, serversFor } from './lib/packages.mjs';

const USAGE = `npm run stack -- [options]     Kafka, MongoDB and Temporal on 127.0.0.1, until Ctrl-C
  --port-base <n>  ports n+92 (Kafka), n+93 (its controller), n+17 (MongoDB), n+233 (Temporal), n+1233 (Web UI); 19000
  --free-ports     any free ports instead
  --data <folder>  where data and logs are kept; .data/stack
  --registry       a schema registry as well, on port n+81
  --json           print the addresses as one line of JSON`;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      'port-base': { type: 'string', default: '19000' },
      'free-ports': { type: 'boolean', default: false },
      data: { type: 'string', default: join(root, '.data', 'stack') },
      registry: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap(serversFor({ tests: values.registry }));
  const { runStack } = await import('../dist/stack/main.js');
  return runStack({
    folder: values.data,
    portBase: values['free-ports'] ? undefined : Number(values['port-base']),
    json: values.json,
    registry: values.registry,
  });
});
