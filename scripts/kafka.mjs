// `npm run kafka -- consumer-groups --describe --group …`: Kafka's own tools, talking to the broker of `npm start`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './lib/bootstrap.mjs';
import { locate, root } from './lib/packages.mjs';
import { findJava } from './lib/requirements.mjs';

const TOOLS = {
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
};

await runCommand(() => {
  const [tool = '', ...args] = process.argv.slice(2);
  const mainClass = TOOLS[tool];
  if (!mainClass)
    throw new Error(`npm run kafka -- <tool> [options]; the tools: ${Object.keys(TOOLS).join(', ')}`);
  const libs = locate('kafka');
  const java = findJava();
  if (!libs || !java) throw new Error('Kafka is not fetched yet: run `npm start` once.');
  const logging = `-Dlog4j2.configurationFile=${join(root, 'stack', 'log4j2.properties')}`;
  const { status, error } = spawnSync(
    java.path,
    [logging, '-cp', join(libs, '*'), mainClass, ...bootstrapServer(args), ...args],
    { stdio: 'inherit' },
  );
  if (error) throw error;
  return status ?? 1;
});

function bootstrapServer(args) {
  if (args.includes('--bootstrap-server')) return [];
  const settings = join(root, '.data', 'demo', 'env');
  const address = existsSync(settings) && /KAFKA_BROKERS='([^']+)'/.exec(readFileSync(settings, 'utf8'))?.[1];
  if (!address) throw new Error('No broker of `npm start` is known here: add --bootstrap-server host:port.');
  return ['--bootstrap-server', address];
}
