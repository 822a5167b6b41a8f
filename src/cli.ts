#!/usr/bin/env node
/** The command `kafka-drain`: what can be asked for; each command is in `commands/`. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { createContext, type Context, type ExitCode, type GlobalOptions } from './commands/context.js';
import type { HandleOptions, ListOptions } from './commands/dead-letters.js';
import { parseDuration } from './config/duration.js';
import { DEAD_LETTER_CODES } from './drain/bad-record.js';
import { asDrainError, type ErrorCode } from './errors.js';
import { DEAD_LETTER_STAGES } from './mongodb/sink.js';

const INTERRUPTED = 130;
const EXIT_CODES =
  '\nExit codes: 0 done, 1 failed, 2 usage or configuration, 3 plan --exit-code found changes, 130 interrupted.';
/** Whoever presses Ctrl-C twice, or waits longer than this, wants out now. */
const INTERRUPT_LIMIT_MS = 3_000;
/** Errors of whoever wrote the command or the configuration. */
const USAGE_ERRORS: readonly ErrorCode[] = ['CONFIG_INVALID', 'PIPELINE_UNKNOWN', 'SCHEDULE_NOT_FOUND'];

interface Job {
  action: (context: Context) => ExitCode | Promise<ExitCode>;
  /** Whether it brings its own, polite answer to Ctrl-C. */
  stopsItself: boolean;
}

/** Runs one command line (without node and script); never throws. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = createProgram(async (options, job) => {
    exitCode = await execute(options, job);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // help and version end this way, too
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

type Start = (options: GlobalOptions, job: Job) => Promise<void>;

/** Commands are loaded when they are called: the drivers of all servers together take a second. */
function createProgram(start: Start): Command {
  const program = new Command('kafka-drain')
    .description('Drains Kafka topics into MongoDB on a Temporal Schedule.')
    .option('-c, --config <file>', 'configuration file', 'drain.yaml')
    .exitOverride()
    .showHelpAfterError()
    .addHelpText('after', EXIT_CODES);
  const run = (own: object, action: Job['action'], stopsItself = false): Promise<void> =>
    start({ ...program.opts<GlobalOptions>(), ...own }, { action, stopsItself });
  program
    .command('worker')
    .description('run a worker until SIGTERM or Ctrl-C')
    .action((own: object) =>
      run(own, async (context) => (await import('./commands/worker.js')).worker(context), true),
    );
  program
    .command('init')
    .description('write a first configuration; never overwrites one')
    .action((own: object) => run(own, async (context) => (await import('./commands/init.js')).init(context)));
  const reading = (name: string, description: string): Command =>
    program.command(name).description(description).option('--json', 'data as JSON on stdout');
  addServerCommands(reading, run);
  addScheduleCommands(reading, run);
  addRunCommands(reading, run);
  addDeadLetterCommands(program, run);
  return program;
}

type Reading = (name: string, description: string) => Command;
type Run = (own: object, action: Job['action']) => Promise<void>;

function addServerCommands(reading: Reading, run: Run): void {
  reading('check', 'look whether configuration, Kafka, MongoDB, Temporal and schedules are ready').action(
    (own: object) => run(own, async (context) => (await import('./commands/check.js')).check(context)),
  );
  reading('setup', 'create indexes, views and search attributes that are missing')
    .argument('[pipeline]')
    .action((name: string | undefined, own: object) =>
      run(own, async (context) => (await import('./commands/setup.js')).setup(context, name)),
    );
  reading('lag', 'show how far behind pipelines are')
    .argument('[pipeline]')
    .action((name: string | undefined, own: object) =>
      run(own, async (context) => (await import('./commands/lag.js')).lag(context, name)),
    );
}

function addScheduleCommands(reading: Reading, run: Run): void {
  reading('plan', 'show what differs between the file and the schedules on the server')
    .option('--exit-code', 'exit with 3 when something differs')
    .action((own: { exitCode?: boolean }) =>
      run(own, async (context) => (await import('./commands/plan.js')).plan(context, own)),
    );
  reading('apply', 'create and update schedules as the file says; pause and note are kept')
    .option('--prune', 'delete schedules of ours that the file no longer names')
    .action((own: { prune?: boolean }) =>
      run(own, async (context) => (await import('./commands/plan.js')).apply(context, own)),
    );
}

function addRunCommands(reading: Reading, start: Run): void {
  reading('run', 'start a run now, through the schedule')
    .argument('<pipeline>')
    .option('--wait', 'wait for its end and print its result')
    .action((name: string, own: { wait?: boolean }) =>
      start(own, async (context) => (await import('./commands/run.js')).run(context, name, own)),
    );
  reading('runs', 'list the last runs')
    .argument('<pipeline>')
    .option('--limit <count>', 'how many', positiveInteger, 10)
    .action((name: string, own: { limit: number }) =>
      start(own, async (context) => (await import('./commands/runs.js')).runs(context, name, own)),
    );
}

function addDeadLetterCommands(program: Command, run: Run): void {
  const letters = program
    .command('dead-letters')
    .description('records that could not be written: list, show, replay, discard');
  choosing(letters.command('list').description('count and list them, newest first').argument('[pipeline]'))
    .option('--limit <count>', 'how many', positiveInteger, 20)
    .action((name: string | undefined, own: ListOptions) =>
      run(own, async (context) => (await import('./commands/dead-letters.js')).list(context, name, own)),
    );
  letters
    .command('show')
    .description("show one with its record's key, value and headers")
    .argument('<id>')
    .option('--json', 'data as JSON on stdout')
    .action((id: string, own: object) =>
      run(own, async (context) => (await import('./commands/dead-letters.js')).show(context, id)),
    );
  handling(letters.command('replay').description("write them again, with today's configuration")).action(
    (name: string, own: HandleOptions) =>
      run(own, async (context) =>
        (await import('./commands/dead-letters-replay.js')).replayDeadLetters(context, name, own),
      ),
  );
  handling(letters.command('discard').description('remove them for good')).action(
    (name: string, own: HandleOptions) =>
      run(own, async (context) => (await import('./commands/dead-letters.js')).discard(context, name, own)),
  );
}

function choosing(command: Command): Command {
  return command
    .option('--id <id...>', 'these')
    .option('--topic <topic...>', 'of records of these topics')
    .option('--code <code>', 'with this code, for instance NOT_JSON', deadLetterCode)
    .addOption(new Option('--stage <stage>', 'that failed at this stage').choices(DEAD_LETTER_STAGES))
    .option('--since <time>', 'since then: ISO 8601, or a duration back from now (2h)', pointInTime)
    .option('--before <time>', 'before then', pointInTime)
    .addOption(new Option('--state <state>', 'default: open').choices(['open', 'replayed', 'all']))
    .option('--json', 'data as JSON on stdout');
}

function handling(command: Command): Command {
  return choosing(command.argument('<pipeline>'))
    .option('--all', 'all of the pipeline')
    .option('--dry-run', 'only say what would happen');
}

/** A misspelt code would choose nothing, and look as if there were none. */
function deadLetterCode(text: string): string {
  if (DEAD_LETTER_CODES.includes(text)) return text;
  throw new InvalidArgumentError(`no dead letter has this code. Known are: ${DEAD_LETTER_CODES.join(', ')}.`);
}

function pointInTime(text: string): Date {
  const back = parseDuration(text);
  const time = back === null ? new Date(text) : new Date(Date.now() - back);
  if (/^\d/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError(
    'a time (2026-01-31T00:00:00Z) or a duration back from now (2h, 7d) is expected.',
  );
}

function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 to 99999 is expected.');
}

async function execute(options: GlobalOptions, { action, stopsItself }: Job): Promise<ExitCode> {
  const interrupt = new AbortController();
  const context = createContext(options, process.env, process, interrupt.signal);
  const stopListening = stopsItself ? () => undefined : onInterrupt(interrupt);
  try {
    const exitCode = await action(context);
    return interrupt.signal.aborted ? INTERRUPTED : exitCode;
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    const { code, message } = asDrainError(error);
    context.say(`${context.style.bad('error')}: ${code}: ${message}`);
    return USAGE_ERRORS.includes(code) ? 2 : 1;
  } finally {
    stopListening();
  }
}

function onInterrupt(interrupt: AbortController): () => void {
  const stop = (): void => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
    setTimeout(() => process.exit(INTERRUPTED), INTERRUPT_LIMIT_MS).unref();
  };
  process.on('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}

/** Whether this file is the program, not an import; npm's commands are symbolic links. */
function isProgram(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  // a reader that went away (`kafka-drain lag | head -1`) is no failure
  process.stdout.on('error', () => process.exit(0));
  process.exit(await main(process.argv.slice(2)));
}
