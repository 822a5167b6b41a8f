import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { END_OF_RECORD, formatterProperties, parseRecord, type LogRecord } from './log.js';

/** Ends a read where the tail of the log holds nothing visible; long enough for a busy machine. */
const SILENCE_MS = 15_000;

export interface ConsoleConsumer {
  java: string;
  /** Folder with Kafka's jars. */
  kafkaLibs: string;
  /** `host:port` of a broker. */
  bootstrapServer: string;
  /** Folder for a small file with its settings. */
  folder: string;
}

export interface TopicToRead {
  topic: string;
  epoch: number;
  /** The end offsets: reading is over when the record before each of them was seen, or nothing comes for 15 s. */
  ends: ReadonlyMap<number, bigint>;
}

/**
 * Reads a topic from its start with Kafka's own console consumer, read-committed, in a group of its own: another client in
 * another language, so that no mistake of ours can be in both. Rejects when it fails.
 */
export async function readTopicByConsole(
  consumer: ConsoleConsumer,
  { topic, epoch, ends }: TopicToRead,
): Promise<LogRecord[]> {
  const open = new Map([...ends].filter(([, end]) => end > 0n));
  if (open.size === 0) return [];
  const records: LogRecord[] = [];
  const child = spawn(consumer.java, argumentsFor(consumer, topic), { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve).once('error', reject);
  });
  let rest = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const texts = (rest + String(chunk)).split(END_OF_RECORD);
    rest = texts.pop() ?? '';
    for (const text of texts) {
      const record = parseRecord(topic, epoch, text);
      records.push(record);
      if (record.offset + 1n >= (open.get(record.partition) ?? 0n)) open.delete(record.partition);
    }
    if (open.size === 0) break;
  }
  child.kill('SIGKILL');
  const code = await closed;
  // After the silence it counts what it has printed.
  if (open.size > 0 && !complaint.includes('Processed a total of'))
    throw new Error(`the console consumer ended with ${String(code)}: ${complaint}`);
  return records;
}

function argumentsFor({ kafkaLibs, bootstrapServer, folder }: ConsoleConsumer, topic: string): string[] {
  const config = join(folder, `${topic}.properties`);
  writeFileSync(config, formatterProperties());
  return [
    ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(kafkaLibs, '*')],
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    ...['--bootstrap-server', bootstrapServer, '--topic', topic, '--from-beginning'],
    ...['--isolation-level', 'read_committed', '--timeout-ms', String(SILENCE_MS)],
    ...['--formatter-config', config],
  ];
}
