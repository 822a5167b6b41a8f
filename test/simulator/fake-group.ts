import type { VirtualTime } from './time.js';
import type { SimulatedProcess } from './process.js';

export const SESSION_TIMEOUT_MS = 10_000;

export interface GroupMember {
  readonly process: SimulatedProcess;
  readonly wanted: ReadonlySet<number>;
}

/** A classic consumer group: generations, one owner per partition, members that are silent for too long are put out. */
export interface FakeGroup {
  join: (member: GroupMember) => void;
  leave: (member: GroupMember) => void;
  isMember: (member: GroupMember) => boolean;
  isEmpty: () => boolean;
  generation: () => number;
  /** The wanted partitions that this generation gives to the member. */
  assignment: (member: GroupMember) => number[];
}

export function createGroup(time: VirtualTime): FakeGroup {
  let generation = 0;
  let members: GroupMember[] = [];
  const remove = (gone: readonly GroupMember[]) => {
    if (gone.length === 0) return;
    members = members.filter((member) => !gone.includes(member));
    generation += 1;
  };
  const expire = () => {
    remove(
      members.filter(({ process }) => {
        const since = process.silentSinceMs();
        return since !== null && time.now() - since > SESSION_TIMEOUT_MS;
      }),
    );
  };
  return {
    join: (member) => {
      members.push(member);
      generation += 1;
    },
    leave: (member) => {
      remove(members.filter((other) => other === member));
    },
    isMember: (member) => {
      expire();
      return members.includes(member);
    },
    isEmpty: () => {
      expire();
      return members.length === 0;
    },
    generation: () => {
      expire();
      return generation;
    },
    assignment: (member) => {
      expire();
      return [...member.wanted].filter((partition) => {
        const candidates = members.filter(({ wanted }) => wanted.has(partition));
        return candidates[partition % candidates.length] === member;
      });
    },
  };
}
