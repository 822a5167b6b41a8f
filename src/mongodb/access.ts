/** As whom a connection is known, and what that user may do. Asks alone, changes nothing. */
import type { Document } from 'mongodb';
import { ask } from './check.js';
import { peersOf } from './connected-by.js';
import { COMMAND_TIME_LIMIT_MS, openClient, type Address } from './connection.js';

export interface Access {
  /** `host:port` of every member, or of the mongos that answered. */
  hosts: string[];
  /** `null`: a mongos, or a standalone server. */
  replicaSet: string | null;
  tls: boolean;
  /** None: without authentication. */
  users: { user: string; database: string }[];
  privileges: readonly Privilege[];
}

/** As MongoDB tells it. In a resource an empty name is any database, or any collection. */
export interface Privilege {
  resource: { db?: string; collection?: string; anyResource?: boolean };
  actions: readonly string[];
}

/** Errors: `MONGODB_UNAVAILABLE`, `MONGODB_REFUSED`, `CONFIG_INVALID`. */
export async function inspectAccess(address: Address): Promise<Access> {
  const client = openClient(address);
  const db = client.db('admin');
  const command = (name: string, options: Document = {}) =>
    ask(client, 'admin', name, () => db.command({ [name]: 1, ...options, maxTimeMS: COMMAND_TIME_LIMIT_MS }));
  try {
    const hello = await command('hello');
    const { authInfo } = await command('connectionStatus', { showPrivileges: true });
    const { authenticatedUsers: users, authenticatedUserPrivileges: privileges } = authInfo as AuthInfo;
    // whoever is somebody may ask this, and where nobody has to be, everybody
    if (users.length === 0) await command('listDatabases', { nameOnly: true, authorizedDatabases: true });
    return {
      hosts: (hello['hosts'] as string[] | undefined) ?? client.options.hosts.map(String),
      replicaSet: (hello['setName'] as string | undefined) ?? null,
      tls: client.options.tls,
      users: users.map(({ user, db: database }) => ({ user, database })),
      privileges,
    };
  } finally {
    await client.close();
  }
}

/** `h1:27017, h2:27017` of the connection string, without anything else that is in it. Error: `CONFIG_INVALID`. */
export function serversOf(address: Address): string {
  return peersOf(openClient(address).options);
}

interface AuthInfo {
  authenticatedUsers: { user: string; db: string }[];
  authenticatedUserPrivileges: Privilege[];
}

/** Which of the actions on a collection no privilege allows. */
export function missingActions(
  privileges: readonly Privilege[],
  database: string,
  collection: string,
  actions: readonly string[],
): string[] {
  const ours = privileges.filter(({ resource }) => covers(resource, database, collection));
  const allowed = new Set(ours.flatMap((privilege) => privilege.actions));
  return allowed.has('anyAction') ? [] : actions.filter((action) => !allowed.has(action));
}

/** Resources of other kinds, such as the cluster, have neither name. System collections, which we refuse, aren't "any". */
function covers(
  { db, collection, anyResource }: Privilege['resource'],
  database: string,
  name: string,
): boolean {
  if (anyResource === true) return true;
  if (db === undefined || collection === undefined) return false;
  return (db === '' || db === database) && (collection === '' || collection === name);
}
