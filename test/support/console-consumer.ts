import assert from 'node:assert/strict';
import type { ReadRecord } from './fold.js';
import { runKafkaTool, stackFromEnvironment } from './stack.js';

const LINE = /^CreateTime:(\d+)\tPartition:(\d+)\tOffset:(\d+)\t([^\t]*)\t(.*)$/;

/**
 * Reads the first `count` committed records of a topic with one partition with Kafka's own console consumer: an oracle that
 * shares no library with us. Texts only.
 */
export async function readWithConsoleConsumer(topic: string, count: number): Promise<ReadRecord[]> {
  const printed = ['timestamp', 'partition', 'offset', 'key', 'value'];
  const { stdout } = await runKafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', stackFromEnvironment().kafka, '--topic', topic, '--from-beginning'],
    ...['--isolation-level', 'read_committed', '--max-messages', String(count)],
    ...printed.flatMap((what) => ['--property', `print.${what}=true`]),
  ]);
  return stdout.split('\n').filter(Boolean).map(parse);
}

function parse(line: string): ReadRecord {
  const [, timestamp, partition, offset, key, value] =
    LINE.exec(line) ?? assert.fail(`not a record: ${line}`);
  return {
    partition: Number(partition),
    offset: BigInt(offset ?? ''),
    timestampMs: Number(timestamp),
    key: nullable(key),
    value: nullable(value),
  };
}

function nullable(text: string | undefined): string | null {
  return text === undefined || text === 'null' ? null : text;
}
