import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryFolder } from '../../stack/binaries.js';

/** All that the sink connector 2.0.1 defines (`MongoSinkConfig.CONFIG.configKeys()`), its strategies and post processors, and Apache Kafka's transformations. */
const PROPERTIES = `
  bulk.write.ordered change.data.capture.handler collection connection.ssl.keystore connection.ssl.keystorePassword
  connection.ssl.truststore connection.ssl.truststorePassword connection.uri database delete.on.null.values
  delete.writemodel.strategy document.id.strategy document.id.strategy.overwrite.existing
  document.id.strategy.partial.key.projection.list document.id.strategy.partial.key.projection.type
  document.id.strategy.partial.value.projection.list document.id.strategy.partial.value.projection.type
  document.id.strategy.uuid.format errors.log.enable errors.tolerance field.renamer.mapping field.renamer.regexp
  key.projection.list key.projection.type max.batch.size mongo.errors.log.enable mongo.errors.tolerance namespace.mapper
  namespace.mapper.error.if.invalid namespace.mapper.key.collection.field namespace.mapper.key.database.field
  namespace.mapper.value.collection.field namespace.mapper.value.database.field post.processor.chain provider
  rate.limiting.every.n rate.limiting.timeout server.api.deprecation.errors server.api.strict server.api.version
  timeseries.expire.after.seconds timeseries.granularity timeseries.metafield timeseries.timefield
  timeseries.timefield.auto.convert timeseries.timefield.auto.convert.date.format
  timeseries.timefield.auto.convert.locale.language.tag topics topics.regex value.projection.list value.projection.type
  writemodel.strategy
  BsonOidStrategy FullKeyStrategy KafkaMetaDataStrategy PartialKeyStrategy PartialValueStrategy ProvidedInKeyStrategy
  ProvidedInValueStrategy UuidProvidedInKeyStrategy UuidProvidedInValueStrategy UuidStrategy
  DefaultWriteModelStrategy DeleteOneBusinessKeyStrategy DeleteOneDefaultStrategy DeleteOneTombstoneBusinessKeyStrategy
  InsertOneDefaultStrategy ReplaceOneBusinessKeyStrategy ReplaceOneDefaultStrategy UpdateOneBusinessKeyTimestampStrategy
  UpdateOneDefaultStrategy UpdateOneTimestampsStrategy
  NullFieldValueRemover BlockListValueProjector AllowListValueProjector BlockListKeyProjector AllowListKeyProjector
  RenameByMapping RenameByRegex DocumentIdAdder KafkaMetaAdder
  Cast$Value Cast$Key DropHeaders HeaderFrom InsertHeader ExtractField$Key ExtractField$Value Filter Flatten$Value Flatten$Key
  HoistField$Value HoistField$Key InsertField$Value InsertField$Key MaskField$Value MaskField$Key ReplaceField$Value
  ReplaceField$Key RegexRouter SetSchemaMetadata TimestampConverter$Value TimestampConverter$Key TimestampRouter ValueToKey
`;

const TEXT = readFileSync(join(repositoryFolder, 'docs', 'coming-from-kafka-connect.md'), 'utf8');

test('the port that docs/coming-from-kafka-connect.md shows is the example that the tests run', () => {
  const example = (...path: string[]) =>
    readFileSync(join(repositoryFolder, 'examples', 'kafka-connect', ...path), 'utf8');
  assert.ok(TEXT.includes(example('connector.json')), 'connector.json');
  const pipelines = example('drain.yaml').split('\npipelines:\n')[1] ?? '';
  assert.ok(pipelines !== '' && TEXT.includes(pipelines), 'drain.yaml');
  const transform = example('transforms', 'rename.js').replace(/^\/\*\*.*\n/, '');
  assert.ok(TEXT.includes(transform), 'transforms/rename.js');
});

test("every property, strategy and transformation of MongoDB's sink connector has its place in docs/coming-from-kafka-connect.md", () => {
  const named = new Set(
    TEXT.split('\n')
      .filter((line) => line.startsWith('|'))
      .flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
  );
  const missing = PROPERTIES.trim()
    .split(/\s+/)
    .filter((property) => !named.has(property));
  assert.deepEqual(missing, []);
});
