// `npm run bench`: kafka-drain and its peers side by side on the same real servers.
import { parseArgs } from 'node:util';
import { bootstrap, runCommand } from './lib/bootstrap.mjs';
import { fetchPeers } from './lib/peers.mjs';

const USAGE = `npm run bench -- [options]
  --workloads <list>   of new, update, hot, replay, small, empty; all
  --peers <list>       programs beside kafka-drain; all but kafka-drain-4. '' is none
  --records <n>        of each workload but the last two; 200000
  --rounds <n>         3
  --partitions <n>     6
  --bytes <n>          of a value; 1000 for new, 300 for the others
  --compression <type> of the topics: gzip, snappy, lz4 or zstd; none (kafkajs, of upsert-loop, reads only gzip)
  --join-delay <ms>    the broker's wait for more members of a new group; 0 (Kafka's own default is 3000)
  --out <file>         for all figures; bench/results/<date>.json
  --quick              20,000 records, 1 round, nothing written: does it work?`;

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      workloads: { type: 'string' },
      peers: { type: 'string' },
      records: { type: 'string' },
      rounds: { type: 'string' },
      partitions: { type: 'string' },
      bytes: { type: 'string' },
      compression: { type: 'string' },
      'join-delay': { type: 'string' },
      out: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await bootstrap();
  const { runBench, neededBy } = await import('../dist/bench/main.js');
  return runBench(values, await fetchPeers(neededBy(values)));
});
