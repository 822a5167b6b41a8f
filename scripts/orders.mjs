// `npm run orders -- 100000`: adds that many records of new orders to the topic of a running `npm start`.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/bootstrap.mjs';
import { root } from './lib/packages.mjs';

await runCommand(async () => {
  const records = Number(process.argv[2] ?? 100_000);
  if (!Number.isInteger(records) || records < 1) throw new Error('npm run orders -- <number of records>');
  const settings = join(root, '.data', 'demo', 'env');
  const broker = existsSync(settings) && /KAFKA_BROKERS='([^']+)'/.exec(readFileSync(settings, 'utf8'))?.[1];
  if (!broker) throw new Error('There is no demo here yet: start it with `npm start` in another terminal.');
  const { addOrders } = await import('../dist/demo/burst.js');
  console.log(`${await addOrders(broker, records)} records added`);
});
