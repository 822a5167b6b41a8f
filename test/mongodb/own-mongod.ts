import { after, before } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { findBinaries } from '../../stack/binaries.js';
import { startMongodb } from '../../stack/mongod.js';
import type { MongodbServers } from '../../stack/mongod.js';
import { freePorts } from '../../stack/ports.js';
import { temporaryFolder } from '../support/stack.js';

export interface OwnMongod {
  uri: () => string;
  port: () => number;
  /**
   * Lets the server fail the given commands of drains (not of other clients), `times` times. Only on servers with
   * test commands, so never on the shared one.
   */
  fail: (commands: string[], how: Document, times?: number) => Promise<void>;
  heal: () => Promise<void>;
}

/** A replica set of one with test commands, for the tests of the calling file. */
export function useOwnMongod(): OwnMongod {
  let servers: MongodbServers | undefined;
  let port = 0;
  const folder = temporaryFolder('mongod');
  before(async () => {
    [port = 0] = await freePorts(1);
    const args = ['--setParameter', 'enableTestCommands=1'];
    servers = await startMongodb({ binaries: findBinaries(), folder: folder.path, ports: [port], args });
  });
  after(async () => {
    await servers?.stop();
    folder.remove();
  });
  const uri = (): string => servers?.uri ?? '';
  const configure = async (mode: Document | string, data: Document): Promise<void> => {
    const client = new MongoClient(uri());
    try {
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
    } finally {
      await client.close();
    }
  };
  return {
    uri,
    port: () => port,
    fail: (failCommands, how, times = 1) =>
      configure({ times }, { failCommands, appName: 'kafka-drain', ...how }),
    heal: () => configure('off', {}),
  };
}
