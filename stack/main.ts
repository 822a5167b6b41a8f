/** `npm run stack`: the servers alone, for development, until Ctrl-C. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryFolder } from './binaries.js';
import { untilStopped } from './signals.js';
import { portsFrom, startStack, type StackAddresses, type StackOptions } from './stack.js';

const USAGE = `npm run stack -- [options]
  --port-base <n>  ports n+92 (Kafka), n+17 (MongoDB), n+233 (Temporal), n+1233 (Web UI); default 19000
  --free-ports     free ports instead
  --data <folder>  where data and logs are kept; default .data/stack
  --json           print the addresses as one line of JSON`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'port-base': { type: 'string', default: '19000' },
      'free-ports': { type: 'boolean', default: false },
      data: { type: 'string', default: join(repositoryFolder, '.data', 'stack') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const options: StackOptions = values['free-ports']
    ? { folder: values.data }
    : {
        folder: values.data,
        ports: portsFrom(Number(values['port-base'])),
        portRemedy: 'choose other ports: npm run stack -- --port-base 21000',
      };
  const stop = untilStopped();
  const stack = await startStack(options);
  console.log(values.json ? JSON.stringify(stack.addresses) : addressText(stack.addresses));
  await stop;
  console.error('Stopping Temporal, MongoDB and Kafka …');
  await stack.stop();
}

function addressText(addresses: StackAddresses): string {
  return `Kafka     ${addresses.kafka}
MongoDB   ${addresses.mongodb}
Temporal  ${addresses.temporal}
Web UI    ${addresses.ui}
Ctrl-C stops them.`;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
