import type { Assigner, PartitionAssigner } from 'kafkajs';
import type { GroupHooks } from './group-hooks.js';
import { partitionName, type PartitionName, type TopicPartition } from './source.js';

/** The group protocol's name. A member with another one is refused by Kafka itself; raise the number when its meaning changes. */
export const ASSIGNOR_NAME = 'kafka-drain-2';

/** Whether a group's protocol is ours, in this version or another. */
export function isOwnProtocol(name: string): boolean {
  return /^kafka-drain-\d+$/.test(name);
}

/** What one member of the group asks for. */
export interface Wish {
  memberId: string;
  partitions: readonly TopicPartition[];
}

/** Partitions per member id; every member is in it. */
export type Assignment = ReadonlyMap<string, TopicPartition[]>;

/**
 * Gives every wished partition to exactly one of the members that wish for it, and nothing else to anybody. Pure and
 * deterministic: whoever leads the group comes to the same answer. The rarest partitions are given first, each to the
 * member that has least so far.
 */
export function assignWishes(wishes: readonly Wish[]): Assignment {
  const sorted = [...wishes].sort((a, b) => compareText(a.memberId, b.memberId));
  const assignment = new Map(sorted.map(({ memberId }) => [memberId, [] as TopicPartition[]]));
  const candidates = candidatesByPartition(sorted);
  for (const [, { wished, memberIds }] of [...candidates].sort(rarestFirst)) {
    const shares = memberIds.map((memberId) => assignment.get(memberId) ?? []);
    const least = Math.min(...shares.map(({ length }) => length));
    shares.find(({ length }) => length === least)?.push(wished);
  }
  for (const share of assignment.values()) share.sort(comparePartitions);
  return assignment;
}

interface Candidates {
  wished: TopicPartition;
  memberIds: string[];
}

function candidatesByPartition(wishes: readonly Wish[]): Map<PartitionName, Candidates> {
  const candidates = new Map<PartitionName, Candidates>();
  for (const { memberId, partitions } of wishes) {
    const own = new Map(partitions.map((wished) => [partitionName(wished), wished]));
    for (const [name, wished] of own) {
      const known = candidates.get(name);
      if (known === undefined) candidates.set(name, { wished, memberIds: [memberId] });
      else known.memberIds.push(memberId);
    }
  }
  return candidates;
}

function rarestFirst(a: [string, Candidates], b: [string, Candidates]): number {
  return a[1].memberIds.length - b[1].memberIds.length || comparePartitions(a[1].wished, b[1].wished);
}

function comparePartitions(a: TopicPartition, b: TopicPartition): number {
  return a.partition - b.partition || compareText(a.topic, b.topic);
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
  partitions: readonly TopicPartition[],
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
        const { userData } = protocol.MemberMetadata.decode(memberMetadata);
        return { memberId, partitions: decodePartitions(userData) };
      });
      const encoded = [...assignWishes(wishes)].map(([memberId, given]) => ({
        memberId,
        memberAssignment: protocol.MemberAssignment.encode({ version: 0, assignment: byTopic(given) }),
      }));
      return Promise.resolve(encoded);
    },
  };
  return () => assignor;
}

function byTopic(partitions: readonly TopicPartition[]): Record<string, number[]> {
  const topics: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (topics[topic] ??= []).push(partition);
  return topics;
}

function encodePartitions(partitions: readonly TopicPartition[]): Buffer {
  return Buffer.from(JSON.stringify(byTopic(partitions)));
}

function decodePartitions(buffer: Buffer): TopicPartition[] {
  const topics = Object.entries(JSON.parse(buffer.toString()) as Record<string, number[]>);
  return topics.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
}
