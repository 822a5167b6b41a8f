import type { PartitionResult } from './contract.js';

type Committed = Pick<PartitionResult, 'topic' | 'partition' | 'committed' | 'added'>;

/** In place of an offset where nothing is committed. */
const NOTHING = '-';
const NOTHING_YET_IN_NEW = '+';

/**
 * The text of `RunResult.unlisted`, short since there may be thousands: per topic the committed offsets in base 36, in the
 * order of the partitions (`orders=vd,,1a2,- customers=0`). Empty for those that are listed; `-` where nothing is committed,
 * `+` where the partition is new as well.
 */
export function encodeUnlisted(partitions: readonly Committed[]): string {
  const topics = new Map<string, string[]>();
  for (const unlisted of partitions) {
    const { topic, partition } = unlisted;
    const offsets = topics.get(topic) ?? [];
    while (offsets.length < partition) offsets.push('');
    offsets[partition] = encodeCommitted(unlisted);
    topics.set(topic, offsets);
  }
  return [...topics].map(([topic, offsets]) => `${topic}=${offsets.join(',')}`).join(' ');
}

function encodeCommitted({ committed, added }: Committed): string {
  if (committed !== null) return BigInt(committed).toString(36);
  return added === true ? NOTHING_YET_IN_NEW : NOTHING;
}

/** In the texts of earlier releases partitions without a commit are empty, too, and unknown here. */
export function decodeUnlisted(text: string): Committed[] {
  return text
    .split(' ')
    .filter(Boolean)
    .flatMap((entry) => {
      const [topic = '', offsets = ''] = entry.split('=');
      return offsets.split(',').flatMap((written, partition) => {
        return written === '' ? [] : [{ topic, partition, ...decodeCommitted(written) }];
      });
    });
}

function decodeCommitted(written: string): Pick<Committed, 'committed' | 'added'> {
  if (written === NOTHING) return { committed: null };
  if (written === NOTHING_YET_IN_NEW) return { committed: null, added: true };
  return { committed: String(fromBase36(written)) };
}

function fromBase36(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
