import type { PartitionResult } from './contract.js';

type Committed = Pick<PartitionResult, 'topic' | 'partition' | 'committed'>;

/**
 * The text of `RunResult.unlisted`, short since there may be thousands: per topic the committed offsets in base 36, in the
 * order of the partitions (`orders=vd,,1a2 customers=0`); empty for those that are listed or have no commit.
 */
export function encodeUnlisted(partitions: readonly Committed[]): string {
  const topics = new Map<string, string[]>();
  for (const { topic, partition, committed } of partitions) {
    if (committed === null) continue;
    const offsets = topics.get(topic) ?? [];
    while (offsets.length < partition) offsets.push('');
    offsets[partition] = BigInt(committed).toString(36);
    topics.set(topic, offsets);
  }
  return [...topics].map(([topic, offsets]) => `${topic}=${offsets.join(',')}`).join(' ');
}

export function decodeUnlisted(text: string): (Committed & { committed: string })[] {
  return text
    .split(' ')
    .filter(Boolean)
    .flatMap((entry) => {
      const [topic = '', offsets = ''] = entry.split('=');
      return offsets.split(',').flatMap((offset, partition) => {
        return offset === '' ? [] : [{ topic, partition, committed: String(fromBase36(offset)) }];
      });
    });
}

function fromBase36(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
