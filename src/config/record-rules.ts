/** The rules between the settings of a pipeline's records. */
import { isPerTopic } from './collections.js';
import type { FilePipeline } from './pipeline-schema.js';
import type { Problem } from './problem.js';
import { REGISTRY_FORMATS } from './settings.js';

type Written = Partial<FilePipeline>;

/**
 * Paths are relative to the pipeline.
 * @param saysId whether there is a `documentId`, though perhaps one that can't be read
 */
export function recordProblems(written: Written, saysId: boolean): Problem[] {
  return [
    ...valueProblems(written),
    ...envelopeProblems(written, saysId),
    ...changedIdProblems(written),
    ...idProblems(written),
    ...versionProblems(written),
    ...deleteProblems(written),
  ];
}

/** Formats whose values have no fields. */
const WITHOUT_FIELDS: readonly FilePipeline['value'][] = ['string', 'bytes'];
/** Formats in which Debezium writes its events. */
const WITH_ENVELOPE: readonly FilePipeline['value'][] = ['json', ...REGISTRY_FORMATS];

function valueProblems(written: Written): Problem[] {
  const { largeIntegers, dates, envelope, value = 'json' } = written;
  const problems: Problem[] = [];
  if (largeIntegers !== undefined && envelope === 'connect') {
    problems.push(
      meaningless('largeIntegers', 'has no meaning with `envelope: connect`, whose schemas say it'),
    );
  }
  if (largeIntegers !== undefined && !isJson(value) && !isJson(keyFormatOf(written))) {
    problems.push(
      meaningless(
        'largeIntegers',
        'has a meaning only with `value` or `keyFormat` being json or json-schema',
      ),
    );
  }
  if (dates !== undefined && WITHOUT_FIELDS.includes(value)) {
    problems.push(meaningless('dates', `${value} values have no fields`));
  }
  return problems;
}

function isJson(format: FilePipeline['value'] | null): boolean {
  return format === 'json' || format === 'json-schema';
}

/** How keys are read; `null`: nothing of them is. */
function keyFormatOf({
  documentId = 'key',
  keyFormat,
}: Written): NonNullable<FilePipeline['keyFormat']> | null {
  if (documentId === 'key') return keyFormat ?? 'string';
  return typeof documentId === 'object' && (documentId.keyField ?? documentId.keyFields) !== undefined
    ? (keyFormat ?? 'json')
    : null;
}

function meaningless(key: keyof FilePipeline, why: string): Problem {
  return { path: [key], text: `${why}; leave it out`, atKey: true };
}

function envelopeProblems({ envelope, value = 'json' }: Written, saysId: boolean): Problem[] {
  if (envelope === 'connect' && value !== 'json')
    return [
      { path: ['envelope'], text: 'connect needs `value: json`: other formats have their schema elsewhere' },
    ];
  if (envelope !== 'debezium') return [];
  if (!WITH_ENVELOPE.includes(value)) {
    return [
      {
        path: ['envelope'],
        text: 'needs `value: json` or a format of a schema registry; documents of MongoDB in it are read as extended JSON by themselves',
      },
    ];
  }
  if (saysId) return [];
  return [
    {
      path: ['envelope'],
      text: 'needs `documentId`, since the keys of change events are objects: { keyField: <name> } as a rule',
    },
  ];
}

/** Of ids that a transform may change, although the delete events that need the same ones don't pass it. */
function changedIdProblems({ envelope, transform, documentId, deletes }: Written): Problem[] {
  const ofValue = fieldsOfValue(documentId);
  if (envelope !== 'debezium' || transform === undefined || ofValue === null || deletes === 'ignore')
    return [];
  return [
    {
      path: ['documentId'],
      text:
        'a delete event does not pass the `transform` and would go to another id wherever that changes it; use ' +
        `${ofValue.ofKey}, or \`deletes: ignore\``,
    },
  ];
}

/** Formats whose keys have no fields. */
const KEYS_WITHOUT_FIELDS: readonly FilePipeline['keyFormat'][] = ['string', 'bytes'];

function keyFormatProblems(
  documentId: FilePipeline['documentId'],
  keyFormat: FilePipeline['keyFormat'],
): Problem[] {
  if (keyFormat === undefined || documentId === 'key') return [];
  if (keyFormatOf({ documentId }) === null)
    return [
      meaningless(
        'keyFormat',
        'has a meaning only with `documentId: key`, `{ keyField }` and `{ keyFields }`',
      ),
    ];
  return KEYS_WITHOUT_FIELDS.includes(keyFormat)
    ? [{ path: ['keyFormat'], text: `${keyFormat} keys have no fields to take the id from` }]
    : [];
}

function idProblems({ documentId = 'key', keyFormat, value = 'json', transform }: Written): Problem[] {
  const problems = keyFormatProblems(documentId, keyFormat);
  if (!WITHOUT_FIELDS.includes(value) || transform !== undefined) return problems;
  if (fieldsOfValue(documentId) !== null) {
    problems.push({
      path: ['documentId'],
      text: `${value} values have no fields to take the id from, unless a \`transform\` gives them some`,
    });
  }
  return problems;
}

function versionProblems(written: Written): Problem[] {
  const text = versionFault(written);
  return text === null ? [] : [{ path: ['version'], text }];
}

function versionFault(written: Written): string | null {
  const { version = 'offset' } = written;
  if (version === 'offset') return sharingFault(written);
  if (version === 'source')
    return written.envelope === 'debezium' ? null : 'source needs `envelope: debezium`';
  return typeof version === 'object' ? fieldFault(written) : null;
}

function sharingFault(written: Written): string | null {
  if (!isShared(written) || written.documentId === 'coordinates') return null;
  return 'offsets of several topics cannot be compared, and they share a collection: needs `version: timestamp`, or `collection: ${topic}`';
}

/** Of a version that is a field of the value. */
function fieldFault({
  value = 'json',
  envelope,
  deletes,
  documentId,
  largeIntegers,
}: Written): string | null {
  if (WITHOUT_FIELDS.includes(value)) {
    return `${value} values have no fields to take the version from`;
  }
  if (largeIntegers === 'string')
    return 'integers beyond 2^53 would be texts, of which "9…" is newer than "10…": needs `largeIntegers: long` or `decimal`';
  const compared = deletes !== 'ignore' && documentId !== 'coordinates' && envelope !== 'debezium';
  return compared ? 'tombstones have no field to take a version from: needs `deletes: ignore`' : null;
}

/** Overlap policies under which an earlier run may write beside a later one. */
const TWO_AT_ONCE: readonly unknown[] = ['allow-all', 'terminate-other'];

/** Whether documents of several topics have one collection. */
function isShared({ topics = [], topicPattern, collection = '' }: Written): boolean {
  return (topics.length > 1 || topicPattern !== undefined) && !isPerTopic({ collection });
}

function deleteProblems(written: Written): Problem[] {
  if (written.deletes !== 'hard') return [];
  const problems = hardFaults(written).map((fault): Problem => ({
    path: ['deletes'],
    text: `hard deletes cannot be combined with ${fault}`,
  }));
  if (written.tombstoneWindow !== undefined) {
    problems.push(meaningless('tombstoneWindow', 'hard deletes leave no markers'));
  }
  return problems;
}

/** What lets an older record come after a newer tombstone in ordinary operation, where nothing is left to refuse it. */
function hardFaults(written: Written): string[] {
  const { envelope, documentId } = written;
  const faults: string[] = [];
  if (isShared(written)) {
    faults.push('several topics in one collection, whose records come in any order; use soft');
  } else if (written.version !== undefined && written.version !== 'offset') {
    faults.push(
      `\`version: ${versionText(written.version)}\`: nothing remembers the version of what was removed, so an older ` +
        'record that comes later would bring it back; use `version: offset` (the default), or soft',
    );
  }
  const ofValue = envelope === 'debezium' ? fieldsOfValue(documentId) : null;
  if (ofValue !== null) {
    faults.push(
      `\`documentId: { ${ofValue.rule} }\`: rows of other keys, and so of other partitions, may have the same id, and an ` +
        `older record of theirs would bring a removed document back; use ${ofValue.ofKey}, or soft`,
    );
  }
  return [...faults, ...concurrencyFaults(written)];
}

/** What runs at once beside another. */
function concurrencyFaults({ schedule, members = 1 }: Written): string[] {
  const faults: string[] = [];
  if (members > 1) {
    faults.push(
      '`members`: one that is behind would bring documents back whose keys have moved to a partition of another one; use soft',
    );
  }
  if (TWO_AT_ONCE.includes(schedule?.overlap)) {
    faults.push(
      `\`overlap: ${String(schedule?.overlap)}\`: a run that is behind would bring removed documents back; use soft`,
    );
  }
  return faults;
}

function versionText(version: NonNullable<Written['version']>): string {
  return typeof version === 'string' ? version : `{ field: ${version.field} }`;
}

/** Of an id that is taken from the value: how that is written, and the same of the key; `null`: it isn't. */
function fieldsOfValue(documentId: Written['documentId']): { rule: string; ofKey: string } | null {
  if (typeof documentId !== 'object') return null;
  if (documentId.field !== undefined) return { rule: 'field', ofKey: '`documentId: { keyField: <name> }`' };
  return documentId.fields === undefined
    ? null
    : { rule: 'fields', ofKey: '`documentId: { keyFields: [<name>, …] }`' };
}
