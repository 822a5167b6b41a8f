/** The judge: what a topic must lead to, read back from Kafka, and how many stored documents are something else. */
import { createHash } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { Collection, Document } from 'mongodb';
import { readToEnd } from '../test/support/read-topic.js';

/** What a topic comes to. */
export interface Fold {
  readonly records: number;
  /** Where each partition ends, by number. */
  readonly ends: readonly number[];
  /** Of the newest value of each id, by id. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Reads a topic from its start to its present end and keeps the newest value of each key. */
export async function foldTopic(kafka: Kafka, topic: string): Promise<Fold> {
  const digests = new Map<string, string>();
  let records = 0;
  const ends = await readToEnd(kafka, topic, (_, messages) => {
    // A key's records are all in one partition, in order.
    for (const { key, value } of messages) digests.set(String(key), digestOfText(String(value)));
    records += messages.length;
  });
  return { records, ends, digests };
}

/** Documents that are missing, differ from the newest record of their id, or shouldn't be there. */
export async function countWrong(collection: Collection, { digests }: Fold): Promise<number> {
  let right = 0;
  let wrong = 0;
  for await (const document of collection.find({}, { batchSize: 5_000 })) {
    if (digests.get(String(document._id)) === digestOf(document)) right += 1;
    else wrong += 1;
  }
  // A document that differs counts once, not also as a missing one.
  return Math.max(wrong, digests.size - right);
}

const BESIDE = new Set(['_id', '_kafka']);

function digestOfText(value: string): string {
  return digestOf(JSON.parse(value) as Document);
}

/** Of the content alone: without the id and what kafka-drain notes beside it, whatever the order of the fields. */
export function digestOf(document: Document): string {
  const content = Object.fromEntries(Object.entries(document).filter(([name]) => !BESIDE.has(name)));
  return createHash('md5').update(canonical(content)).digest('base64');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}
