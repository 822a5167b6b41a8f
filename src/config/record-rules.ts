/** The rules between the settings of a pipeline's records. */
import { isPerTopic } from './collections.js';
import type { FilePipeline } from './pipeline-schema.js';
import type { Problem } from './problem.js';
import { REGISTRY_FORMATS } from './settings.js';

type Written = Partial<FilePipeline>;

/** Paths are relative to the pipeline. */
export function recordProblems(written: Written): Problem[] {
  return [
    ...valueProblems(written),
    ...envelopeProblems(written),
    ...idProblems(written),
    ...versionProblems(written),
    ...deleteProblems(written),
  ];
}

/** Formats whose values have no fields. */
const WITHOUT_FIELDS: readonly FilePipeline['value'][] = ['string', 'bytes'];
/** Formats in which Debezium writes its events. */
const WITH_ENVELOPE: readonly FilePipeline['value'][] = ['json', ...REGISTRY_FORMATS];

function valueProblems({ largeIntegers, dates, value = 'json' }: Written): Problem[] {
  const problems: Problem[] = [];
  if (largeIntegers !== undefined && value !== 'json' && value !== 'json-schema') {
    problems.push(meaningless('largeIntegers', 'has a meaning only with `value: json` and `json-schema`'));
  }
  if (dates !== undefined && WITHOUT_FIELDS.includes(value)) {
    problems.push(meaningless('dates', `${value} values have no fields`));
  }
  return problems;
}

function meaningless(key: keyof FilePipeline, why: string): Problem {
  return { path: [key], text: `${why}; leave it out`, atKey: true };
}

function envelopeProblems({ envelope, value = 'json', documentId }: Written): Problem[] {
  if (envelope !== 'debezium') return [];
  if (!WITH_ENVELOPE.includes(value)) {
    return [
      {
        path: ['envelope'],
        text: 'needs `value: json` or a format of a schema registry; documents of MongoDB in it are read as extended JSON by themselves',
      },
    ];
  }
  return documentId === undefined
    ? [
        {
          path: ['envelope'],
          text: 'needs `documentId`, since the keys of change events are objects: { keyField: <name> } as a rule',
        },
      ]
    : [];
}

/** Formats whose keys have no fields. */
const KEYS_WITHOUT_FIELDS: readonly FilePipeline['keyFormat'][] = ['string', 'bytes'];

function keyFormatProblems(
  documentId: FilePipeline['documentId'],
  keyFormat: FilePipeline['keyFormat'],
): Problem[] {
  if (keyFormat === undefined || documentId === 'key') return [];
  if (typeof documentId !== 'object' || (documentId.keyField ?? documentId.keyFields) === undefined)
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
  if (typeof documentId !== 'object' || !WITHOUT_FIELDS.includes(value) || transform !== undefined)
    return problems;
  if (documentId.field !== undefined || documentId.fields !== undefined) {
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
function fieldFault({ value = 'json', envelope, deletes, documentId }: Written): string | null {
  if (WITHOUT_FIELDS.includes(value)) {
    return `${value} values have no fields to take the version from`;
  }
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
  const { deletes, tombstoneWindow, schedule } = written;
  if (deletes !== 'hard') return [];
  const problems: Problem[] = [];
  if (isShared(written)) {
    problems.push({
      path: ['deletes'],
      text: 'hard deletes cannot be combined with several topics in one collection, whose records come in any order; use soft',
    });
  }
  if (TWO_AT_ONCE.includes(schedule?.overlap)) {
    problems.push({
      path: ['deletes'],
      text:
        `hard deletes cannot be combined with \`overlap: ${String(schedule?.overlap)}\`: a run that is behind would ` +
        'bring removed documents back; use soft',
    });
  }
  if (tombstoneWindow !== undefined) {
    problems.push(meaningless('tombstoneWindow', 'hard deletes leave no markers'));
  }
  return problems;
}
