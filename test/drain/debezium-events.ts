/** Change events as Debezium's documentation shows them, by connector. */

type Json = Record<string, unknown>;

const VERSION = '3.0.8.Final';
/** Beside the row, in nanoseconds: more than a double can hold. As text, since it must stay as it is. */
const TS_NS = '1559033904863123456';

/** The text of an event; `#` is a number that a double can't hold, `#1.0E17` a number written like that. */
export function eventText(event: Json, withSchema = false): string {
  const text = JSON.stringify({ ...event, ts_ns: '#' })
    .replaceAll('"#"', TS_NS)
    .replaceAll(/"#([\dE.]+)"/g, '$1');
  return withSchema
    ? `{"schema":{"type":"struct","name":"Envelope","optional":false},"payload":${text}}`
    : text;
}

/** The text of a key. */
export function keyText(key: Json, withSchema = false): string {
  const text = JSON.stringify(key);
  return withSchema ? `{"schema":{"type":"struct","name":"Key","optional":false},"payload":${text}}` : text;
}

interface Overrides {
  op?: string;
  before?: unknown;
  after?: unknown;
  source?: Json;
}

const ROW = { id: 1004, first_name: 'Anne', last_name: 'Kretchmar', email: 'annek@noanswer.org' };

function eventOf(source: Json, after: unknown, overrides: Overrides): Json {
  const { op = 'c' } = overrides;
  return {
    before: null,
    after: op === 'd' ? null : after,
    ts_ms: 1_559_033_904_961,
    transaction: null,
    op,
    ...overrides,
    source: {
      version: VERSION,
      ts_ms: 1_559_033_904_863,
      ts_ns: '#',
      snapshot: 'false',
      ...source,
      ...overrides.source,
    },
  };
}

export function mysql(overrides: Overrides = {}): Json {
  const place = {
    server_id: 223344,
    gtid: null,
    file: 'mysql-bin.000003',
    pos: 484,
    row: 0,
    thread: 7,
    query: null,
  };
  return eventOf(
    { connector: 'mysql', name: 'dbserver1', db: 'inventory', table: 'customers', ...place },
    ROW,
    overrides,
  );
}

export function postgresql(overrides: Overrides = {}): Json {
  const place = { txId: 555, lsn: 24023128, sequence: '["24023119","24023128"]', xmin: null };
  const source = {
    connector: 'postgresql',
    name: 'PostgreSQL_server',
    db: 'postgres',
    schema: 'public',
    table: 'customers',
  };
  return eventOf({ ...source, ...place }, ROW, overrides);
}

export function sqlserver(overrides: Overrides = {}): Json {
  const place = {
    change_lsn: '00000027:00000758:0003',
    commit_lsn: '00000027:00000758:0005',
    event_serial_no: '1',
  };
  const source = { connector: 'sqlserver', name: 'server1', db: 'testDB', schema: 'dbo', table: 'customers' };
  return eventOf({ ...source, ...place }, ROW, overrides);
}

export function oracle(overrides: Overrides = {}): Json {
  const place = {
    txId: '6.28.807',
    scn: '2122185',
    commit_scn: '2122185',
    rs_id: '001234.00012345.0124',
    ssn: 0,
  };
  const source = {
    connector: 'oracle',
    name: 'server1',
    db: 'ORCLPDB1',
    schema: 'DEBEZIUM',
    table: 'CUSTOMERS',
  };
  return eventOf({ ...source, ...place }, ROW, overrides);
}

/** An `_id` as the connector puts it into the key: a text of extended JSON. */
export const MONGODB_ID = { $oid: '596e275826f08b2730779e1f' };
const DOCUMENT = `{"_id" : ${JSON.stringify(MONGODB_ID)},"first_name" : "Anne","visits" : {"$numberLong" : "9007199254740993"},"since" : {"$date" : 1486500577691}}`;

export function mongodb(overrides: Overrides = {}): Json {
  const place = { rs: 'rs0', collection: 'customers', ord: 31, lsid: null, txnNumber: null, wallTime: null };
  const own = { ts_ms: 1_558_965_508_000, ...place };
  const event = eventOf(
    { connector: 'mongodb', name: 'fulfillment', db: 'inventory', ...own },
    DOCUMENT,
    overrides,
  );
  return { ...event, updateDescription: null };
}
