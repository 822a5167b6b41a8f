import type { Assigner, PartitionAssigner } from 'kafkajs';
import type { GroupHooks } from './group-hooks.js';

/** The group protocol's name. A member with another one is refused by Kafka itself; raise the number when its meaning changes. */
export const ASSIGNOR_NAME = 'kafka-drain-1';

/** What one member of the group asks for. */
export interface Wish {
  memberId: string;
  topic: string;
  partitions: readonly number[];
}

/** Partitions per member id; every member is in it. */
export type Assignment = ReadonlyMap<string, { topic: string; partitions: number[] }>;

/**
 * Gives every wished partition to exactly one of the members that wish for it, and nothing else to anybody. Pure and
 * deterministic: whoever leads the group comes to the same answer. The rarest partitions are given first, each to the
 * member that has least so far.
 */
export function assignWishes(wishes: readonly Wish[]): Assignment {
  const sorted = [...wishes].sort((a, b) => compareText(a.memberId, b.memberId));
  const assignment = new Map(sorted.map((w) => [w.memberId, { topic: w.topic, partitions: [] as number[] }]));
  const candidates = candidatesByPartition(sorted);
  for (const [, members] of [...candidates].sort(rarestFirst)) {
    const taken = members.map((member) => assignment.get(member.memberId)?.partitions ?? []);
    const least = Math.min(...taken.map((partitions) => partitions.length));
    const winner = taken.findIndex((partitions) => partitions.length === least);
    taken[winner]?.push(members[winner]?.partition ?? -1);
  }
  for (const { partitions } of assignment.values()) partitions.sort((a, b) => a - b);
  return assignment;
}

interface Candidate {
  memberId: string;
  partition: number;
}

function candidatesByPartition(wishes: readonly Wish[]): Map<string, Candidate[]> {
  const candidates = new Map<string, Candidate[]>();
  for (const { memberId, topic, partitions } of wishes) {
    for (const partition of new Set(partitions)) {
      const key = `${topic}-${partition}`;
      const list = candidates.get(key) ?? [];
      list.push({ memberId, partition });
      candidates.set(key, list);
    }
  }
  return candidates;
}

function rarestFirst(a: [string, Candidate[]], b: [string, Candidate[]]): number {
  return (
    a[1].length - b[1].length ||
    (a[1][0]?.partition ?? 0) - (b[1][0]?.partition ?? 0) ||
    compareText(a[0], b[0])
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** kafkajs's encoders of the two structures of Kafka's embedded consumer protocol. */
export interface AssignerProtocol {
  MemberMetadata: {
    encode: (metadata: { version: number; topics: string[]; userData: Buffer }) => Buffer;
    decode: (buffer: Buffer) => { topics: string[]; userData: Buffer };
  };
  MemberAssignment: {
    encode: (assignment: { version: number; assignment: Record<string, number[]> }) => Buffer;
  };
}

/** Where the patched kafkajs looks for the hooks of the member that uses this assignor. */
export const HOOKS = Symbol('kafka-drain hooks');

/** The assignor as kafkajs wants it. It also carries the member's hooks (see `group-hooks.ts`). */
export function createAssignor(
  protocol: AssignerProtocol,
  partitions: readonly number[],
  hooks: GroupHooks,
): PartitionAssigner {
  const assignor: Assigner & { [HOOKS]: GroupHooks } = {
    [HOOKS]: hooks,
    name: ASSIGNOR_NAME,
    version: 0,
    protocol: ({ topics }) => ({
      name: ASSIGNOR_NAME,
      metadata: protocol.MemberMetadata.encode({
        version: 0,
        topics,
        userData: encodePartitions(partitions),
      }),
    }),
    assign: ({ members }) => {
      const wishes = members.map(({ memberId, memberMetadata }): Wish => {
        const { topics, userData } = protocol.MemberMetadata.decode(memberMetadata);
        return { memberId, topic: topics[0] ?? '', partitions: decodePartitions(userData) };
      });
      const encoded = [...assignWishes(wishes)].map(([memberId, { topic, partitions: given }]) => ({
        memberId,
        memberAssignment: protocol.MemberAssignment.encode({
          version: 0,
          assignment: given.length > 0 ? { [topic]: given } : {},
        }),
      }));
      return Promise.resolve(encoded);
    },
  };
  return () => assignor;
}

function encodePartitions(partitions: readonly number[]): Buffer {
  const buffer = Buffer.alloc(partitions.length * 4);
  partitions.forEach((partition, index) => buffer.writeInt32BE(partition, index * 4));
  return buffer;
}

function decodePartitions(buffer: Buffer): number[] {
  return Array.from({ length: Math.floor(buffer.length / 4) }, (_, index) => buffer.readInt32BE(index * 4));
}
