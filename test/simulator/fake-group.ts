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
      return assign(members).get(member) ?? [];
    },
  };
}

/** Every wanted partition to one member that wants it: those that few want first, each to whoever has least. */
function assign(members: readonly GroupMember[]): Map<GroupMember, number[]> {
  const given = new Map(members.map((member) => [member, [] as number[]]));
  const wanting = (partition: number) => members.filter(({ wanted }) => wanted.has(partition));
  const partitions = [...new Set(members.flatMap(({ wanted }) => [...wanted]))];
  partitions.sort((a, b) => wanting(a).length - wanting(b).length || a - b);
  for (const partition of partitions) {
    const shares = wanting(partition).map((member) => given.get(member) ?? []);
    shares.sort((a, b) => a.length - b.length)[0]?.push(partition);
  }
  for (const share of given.values()) share.sort((a, b) => a - b);
  return given;
}
