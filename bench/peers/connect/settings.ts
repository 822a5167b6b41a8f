import type { Task } from '../../program.js';

export interface ConnectorTuning {
  readonly tasks: number;
  /** Beside those that every setting has. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Of Connect itself; offsets are committed every 2 s instead of every minute, so that the bench sees the end soon. */
export function workerSettings({ servers, folder, fetched }: Task, port: number): string {
  const settings = {
    'bootstrap.servers': servers.kafka,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'offset.storage.file.filename': `${folder}/offsets`,
    'offset.flush.interval.ms': '2000',
    listeners: `http://127.0.0.1:${String(port)}`,
    'plugin.path': `${fetched}/plugins`,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/**
 * Idempotent: the record's key becomes `_id`, and a record replaces the document of its id whole. The connector takes an id out
 * of a key that is a document, so the key is made one.
 */
export function connectorSettings(task: Task, { tasks, settings }: ConnectorTuning): Record<string, string> {
  const { servers, topic, group, database, collection } = task;
  return {
    name: group,
    'connector.class': 'com.mongodb.kafka.connect.MongoSinkConnector',
    'tasks.max': String(tasks),
    topics: topic,
    'consumer.override.group.id': group,
    'consumer.override.auto.offset.reset': 'earliest',
    'connection.uri': `${servers.mongodb}&w=majority`,
    database,
    collection,
    transforms: 'id',
    'transforms.id.type': 'org.apache.kafka.connect.transforms.HoistField$Key',
    'transforms.id.field': '_id',
    'document.id.strategy': 'com.mongodb.kafka.connect.sink.processor.id.strategy.ProvidedInKeyStrategy',
    'document.id.strategy.overwrite.existing': 'true',
    'writemodel.strategy': 'com.mongodb.kafka.connect.sink.writemodel.strategy.ReplaceOneDefaultStrategy',
    ...settings,
  };
}
