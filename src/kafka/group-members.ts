import type { Admin } from 'kafkajs';
import { isOwnProtocol } from './assignor.js';

/** One that holds a place in a consumer group. */
export interface GroupMember {
  clientId: string;
  host: string;
}

/**
 * The group's members that aren't drains. While a group rebalances the broker doesn't tell by which protocol its members will
 * share; then those of our own client id count as drains. Members of the newer group protocol (KIP-848) don't show: the request
 * for them is one that kafkajs doesn't know.
 */
export async function fetchOtherMembers(
  admin: Admin,
  group: string,
  ownClientId: string,
): Promise<GroupMember[]> {
  const { groups } = await admin.describeGroups([group]);
  return groups
    .filter(({ protocol }) => !isOwnProtocol(protocol))
    .flatMap(({ protocol, members }) =>
      protocol === '' ? members.filter(({ clientId }) => clientId !== ownClientId) : members,
    )
    .map(({ clientId, clientHost }) => ({ clientId, host: clientHost.replace(/^\//, '') }));
}

/** `connector-consumer-0 on 10.0.0.7`, and so on; many tasks of one client id and host are told once. */
export function membersText(members: readonly GroupMember[]): string {
  return [...new Set(members.map(({ clientId, host }) => `${clientId} on ${host}`))].join(', ');
}
