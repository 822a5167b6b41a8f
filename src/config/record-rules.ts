/** The rules between the settings of a pipeline's records. */
import type { FilePipeline } from './pipeline-schema.js';
import type { Problem } from './problem.js';

/** Paths are relative to the pipeline. */
export function recordProblems(written: Partial<FilePipeline>): Problem[] {
  return [...valueProblems(written), ...idProblems(written)];
}

/** Formats whose values have no fields. */
const WITHOUT_FIELDS: readonly FilePipeline['value'][] = ['string', 'bytes'];

function valueProblems({ largeIntegers, dates, value = 'json' }: Partial<FilePipeline>): Problem[] {
  const problems: Problem[] = [];
  if (largeIntegers !== undefined && value !== 'json' && value !== 'json-schema') {
    problems.push({
      path: ['largeIntegers'],
      text: 'has a meaning only with `value: json` and `json-schema`; leave it out',
      atKey: true,
    });
  }
  if (dates !== undefined && WITHOUT_FIELDS.includes(value)) {
    problems.push({ path: ['dates'], text: `${value} values have no fields; leave it out`, atKey: true });
  }
  return problems;
}

function idProblems(written: Partial<FilePipeline>): Problem[] {
  const { documentId = 'key', keyFormat, value = 'json', transform } = written;
  const problems: Problem[] = [];
  if (documentId !== 'key' && keyFormat !== undefined) {
    problems.push({
      path: ['keyFormat'],
      text: 'has a meaning only with `documentId: key`; leave it out',
      atKey: true,
    });
  }
  if (typeof documentId === 'object' && WITHOUT_FIELDS.includes(value) && transform === undefined) {
    problems.push({
      path: ['documentId'],
      text: `${value} values have no fields to take the id from, unless a \`transform\` gives them some`,
    });
  }
  return problems;
}
