import type { Message } from 'kafkajs';

/** So many small orders for one partition, their ids numbered from `first`. */
export function orders(count: number, { first = 0, partition = 0, version = 1 } = {}): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `o-${String(first + index)}`,
    value: JSON.stringify({ version, amount: (first + index) / 4 }),
    partition,
  }));
}
