import type { PartitionName } from '../kafka/source.js';
import type { Books } from './books.js';

/** Tells what each commit of this attempt has added, once it is acknowledged; never what others committed. */
export interface Counter {
  /** A commit with this metadata is to come. */
  prepared: (partition: PartitionName, metadata: string, books: Books) => void;
  committed: (partition: PartitionName, metadata: string) => void;
}

/** @param counted called once per commit. */
export function createCounter(counted: (books: Books) => void): Counter {
  const coming = new Map<PartitionName, { metadata: string; books: Books }>();
  return {
    prepared: (partition, metadata, books) => {
      coming.set(partition, { metadata, books });
    },
    committed: (partition, metadata) => {
      const next = coming.get(partition);
      coming.delete(partition);
      if (next?.metadata === metadata) counted(next.books);
    },
  };
}
