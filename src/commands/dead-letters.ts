/** `kafka-drain dead-letters …`: records that couldn't be written: what there is, what is in one, and what becomes of them. */
import type { PipelineSettings, Settings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { partitionName } from '../kafka/source.js';
import {
  openDeadLetters,
  type DeadLetterCount,
  type DeadLetterFilter,
  type DeadLetterStore,
  type ListedDeadLetter,
  type StoredDeadLetter,
} from '../mongodb/dead-letter-store.js';
import { pipelineOf, pipelinesOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
import { describeBytes, printable, type ShownBytes } from './shown-bytes.js';
import { count, table } from './table.js';

/** The options that choose dead letters. */
export interface ChooseOptions {
  id?: string[];
  topic?: string[];
  code?: string;
  stage?: string;
  state?: DeadLetterFilter['state'] | 'all';
  since?: Date;
  before?: Date;
}

export interface ListOptions extends ChooseOptions {
  limit: number;
}

/** Of `replay` and `discard`. */
export interface HandleOptions extends ChooseOptions {
  all?: boolean;
  dryRun?: boolean;
}

/** What `list --json` prints. Offsets are decimal strings. */
export interface DeadLetterList {
  counts: DeadLetterCount[];
  deadLetters: (Omit<ListedDeadLetter, 'offset'> & { offset: string })[];
}

/** Lists dead letters of all pipelines, or of one, newest first, below their counts. */
export async function list(
  context: Context,
  name: string | undefined,
  options: ListOptions,
): Promise<ExitCode> {
  const settings = settingsOf(context);
  const found: DeadLetterList = { counts: [], deadLetters: [] };
  for (const pipeline of pipelinesOf(settings, name)) {
    const filter = filterOf(pipeline, options);
    await withStore(settings, pipeline, async (store) => {
      found.counts.push(...(await store.count(filter)));
      found.deadLetters.push(...(await store.list(filter, options.limit)).map(withTextOffset));
    });
  }
  found.deadLetters.sort((one, other) => other.deadLetteredAt.getTime() - one.deadLetteredAt.getTime());
  found.deadLetters.splice(options.limit);
  printData(context, found, () => listText(found));
  return 0;
}

function listText({ counts, deadLetters }: DeadLetterList): string {
  if (counts.length === 0) return 'no dead letters';
  const totals = table(
    ['pipeline', 'state', 'code', 'dead letters'],
    counts.map(({ pipeline, state, code, count: number }) => [pipeline, state, code, number]),
  );
  const rows = deadLetters.map(({ id, deadLetteredAt, state, stage, code }) => [
    deadLetteredAt.toISOString().slice(0, 19).replace('T', ' '),
    state,
    stage,
    code,
    id,
  ]);
  return `${totals}\n\n${table(['dead-lettered (UTC)', 'state', 'stage', 'code', 'id'], rows)}`;
}

function withTextOffset(letter: ListedDeadLetter): DeadLetterList['deadLetters'][number] {
  return { ...letter, offset: String(letter.offset) };
}

/** What `show --json` prints. */
export type ShownDeadLetter = DeadLetterList['deadLetters'][number] & {
  key: ShownBytes | null;
  value: ShownBytes | null;
  headers: { name: string; value: ShownBytes | null }[];
};

/** Shows one dead letter with its record's bytes: as text where they are UTF-8, else as base64. Exit code 1 where there is none. */
export async function show(context: Context, id: string): Promise<ExitCode> {
  const settings = settingsOf(context);
  const found = await find(settings, id);
  if (found === null) {
    context.say(`${context.style.bad('error')}: there is no dead letter ${id}`);
    return 1;
  }
  const { key, value, headers, ...listed } = found;
  const shown: ShownDeadLetter = {
    ...withTextOffset(listed),
    key: describeBytes(key),
    value: describeBytes(value),
    headers: headers.map((header) => ({ name: header.name, value: describeBytes(header.value) })),
  };
  printData(context, shown, () => shownText(shown));
  return 0;
}

async function find(settings: Settings, id: string): Promise<StoredDeadLetter | null> {
  for (const pipeline of settings.pipelines.values()) {
    const found = await withStore(settings, pipeline, async (store) => {
      for await (const letter of store.each({ ...filterOf(pipeline, {}), ids: [id] })) return letter;
      return null;
    });
    if (found !== null) return found;
  }
  return null;
}

function shownText({ key, value, headers, ...letter }: ShownDeadLetter): string {
  const { offset, epoch, timestamp, state, stage, code, reason, run } = letter;
  const replayed = letter.replayedAt === null ? '' : ` ${letter.replayedAt.toISOString()}`;
  const fields: [string, string][] = [
    ['record', `${partitionName(letter)} offset ${offset}, epoch ${epoch}`],
    ['timestamp', timestamp?.toISOString() ?? 'none'],
    ['dead-lettered', `${letter.deadLetteredAt.toISOString()} by ${run.workflowId}`],
    ['state', state + replayed],
    ['why', `${stage}: ${code}: ${reason}`],
    ['key', bytesText(key)],
    ...headers.map((header): [string, string] => [`header ${header.name}`, bytesText(header.value)]),
    ['value', bytesText(value)],
  ];
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, text]) => printable(`${name.padEnd(width)}  ${text}`)).join('\n');
}

function bytesText(bytes: ShownBytes | null): string {
  if (bytes === null) return 'none';
  return 'text' in bytes ? bytes.text : `base64: ${bytes.base64}`;
}

/** Removes the chosen dead letters for good. Exit code 2 where none were chosen. */
export async function discard(context: Context, name: string, options: HandleOptions): Promise<ExitCode> {
  const settings = settingsOf(context);
  const pipeline = pipelineOf(settings, name);
  requireChoice(options);
  const filter = filterOf(pipeline, { ...options, state: options.state ?? 'all' });
  const discarded = await withStore(settings, pipeline, (store) =>
    options.dryRun ? store.count(filter).then(totalOf) : store.discard(filter),
  );
  printData(context, { discarded: options.dryRun ? 0 : discarded, chosen: discarded }, () =>
    options.dryRun
      ? `would discard ${count(discarded)} dead letters`
      : `discarded ${count(discarded)} dead letters`,
  );
  return 0;
}

/** How many there are in all. */
function totalOf(counts: readonly DeadLetterCount[]): number {
  return counts.reduce((sum, { count: number }) => sum + number, 0);
}

/** Everything at once only on purpose. Error: `CONFIG_INVALID`. */
export function requireChoice({ all = false, ...options }: HandleOptions): void {
  const { id, topic, code, stage, state, since, before } = options;
  if (all || [id, topic, code, stage, state, since, before].some((choice) => choice !== undefined)) return;
  throw new DrainError(
    'CONFIG_INVALID',
    'Which dead letters? Choose with --id, --topic, --code, --stage, --state, --since, --before, or say --all',
  );
}

/** Open ones, if nothing is said about the state. */
export function filterOf({ name }: PipelineSettings, options: ChooseOptions): DeadLetterFilter {
  const { id, topic, code, stage, state = 'open', since, before } = options;
  return {
    pipeline: name,
    ids: id ?? null,
    topics: topic ?? null,
    state: state === 'all' ? null : state,
    code: code ?? null,
    stage: stage ?? null,
    since: since ?? null,
    before: before ?? null,
  };
}

/** Opens the pipeline's dead letters, and closes them whatever happens. */
export async function withStore<T>(
  { mongodb }: Settings,
  { deadLetters }: PipelineSettings,
  use: (store: DeadLetterStore) => Promise<T>,
): Promise<T> {
  const store = openDeadLetters({ ...mongodb, collection: deadLetters.collection });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
