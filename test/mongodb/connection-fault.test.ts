import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MongoClient, MongoServerSelectionError } from 'mongodb';
import type { TopologyDescription } from 'mongodb';
import { connectionFault } from '../../src/mongodb/connection-fault.js';

type Codes = Readonly<Record<string, string | null>>;

/** No server could be chosen; each with the code of what it failed with, `null`: it answered, isn't the primary, and names this one. */
function unchosen(codes: Codes, primary: string | null): MongoServerSelectionError {
  const servers = Object.entries(codes).map(([address, code]) => {
    const cause = Object.assign(new Error(`${code ?? ''} happened`), { code });
    const error = code === null ? null : new Error(cause.message, { cause });
    return [address, { address, error, primary, type: code === null ? 'RSSecondary' : 'Unknown' }] as const;
  });
  const reason = { servers: new Map(servers), setName: 'rs0' } as unknown as TopologyDescription;
  return new MongoServerSelectionError('timed out', reason);
}

function faultOf(codes: Codes, primary: string | null = 'h1:27017') {
  return connectionFault(
    unchosen(codes, primary),
    new MongoClient('mongodb://h1,h2/?replicaSet=rs0&tls=true'),
  );
}

test('certificates of which every one is refused, are a refusal, whatever secondaries answer', () => {
  for (const other of ['CERT_HAS_EXPIRED', null]) {
    const fault = faultOf({ 'h1:27017': 'CERT_HAS_EXPIRED', 'h2:27017': other });
    assert.deepEqual(fault, {
      kind: 'refused',
      reason: 'its certificate has expired',
      message: 'MongoDB at h1:27017 refused: its certificate has expired.',
    });
  }
});

test('one server that only cannot be reached makes it an outage, in which every server is told of', () => {
  const fault = faultOf({ 'h1:27017': 'CERT_HAS_EXPIRED', 'h2:27017': 'ECONNREFUSED', 'h3:27017': null });
  assert.deepEqual(fault, {
    kind: 'outage',
    reason:
      'no server could be chosen (h1:27017: its certificate has expired; h2:27017: ECONNREFUSED happened; h3:27017: RSSecondary)',
  });
});

test('a refused certificate is no lasting refusal while those who answer elect a primary, or name another one', () => {
  const codes = { 'h1:27017': 'CERT_HAS_EXPIRED', 'h2:27017': null };
  for (const primary of [null, 'h3:27017']) assert.equal(faultOf(codes, primary)?.kind, 'outage');
});

test('a set without a primary is an outage', () => {
  assert.equal(faultOf({ 'h1:27017': null })?.kind, 'outage');
});
