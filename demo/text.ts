import { inspect } from 'node:util';
import { formatResult } from '../src/commands/format-result.js';
import { createStyle } from '../src/commands/style.js';
import { count, table } from '../src/commands/table.js';
import type { RunResult } from '../src/contract.js';
import type { FinishedRun } from './runs.js';

/** Where people can look on: links, names and totals beside a run's result. */
export interface Surroundings {
  readonly runUrl: string;
  readonly scheduleUrl: string;
  readonly mongodb: string;
  readonly deadLetters: string;
  readonly totals: { readonly live: number; readonly deleted: number; readonly deadLetters: number };
  readonly documents: readonly object[];
}

/** The first result of a start, as a person wants to read it. */
export function resultText(result: RunResult, around: Surroundings, colours: boolean): string {
  const { totals } = around;
  const places = table(
    ['where to look', ''],
    [
      ['this run', around.runUrl],
      ['schedule', around.scheduleUrl],
      ['MongoDB', around.mongodb],
      [result.collection, `${count(totals.live)} documents and ${count(totals.deleted)} tombstones`],
      [around.deadLetters, `${count(totals.deadLetters)} broken records, kept with reason and bytes`],
    ],
  );
  const documents = around.documents.map((document) =>
    inspect(document, { depth: 5, breakLength: 110, compact: 4, colors: colours }),
  );
  return [
    indent(formatResult(result, createStyle(colours))),
    indent(places),
    `${documents.length} documents of ${result.collection}:\n${indent(documents.join('\n'))}`,
  ].join('\n\n');
}

/** Commands that work in another terminal while the demo runs. */
export function commandsText(pipeline: string): string {
  return `In another terminal, in this folder:
  . .data/demo/env                             # kafka-drain talks to these servers
  npx kafka-drain lag                          # what the next run will find
  npx kafka-drain run ${pipeline} --wait           # a run now
  npx kafka-drain runs ${pipeline}                 # the last runs
  npm run temporal -- schedule describe --schedule-id drain-${pipeline}
  npm run kafka -- consumer-groups --describe --group drain-${pipeline}`;
}

/** One line for a later run. */
export function runLine({ outcome }: FinishedRun, url: string, at: Date): string {
  const time = at.toTimeString().slice(0, 8);
  if (outcome.status !== 'completed')
    return `${time}  ${outcome.status} (${outcome.code}): ${outcome.message}  ${url}`;
  const { stopReason, records, lagAfter, durationMs } = outcome.result;
  const parts = Object.entries<number>({ ...records })
    .filter(([name, value]) => name === 'read' || value > 0)
    .map(([name, value]) => `${count(value)} ${name}`);
  return `${time}  ${stopReason}: ${parts.join(', ')}; lag ${count(lagAfter)}, ${(durationMs / 1_000).toFixed(1)} s  ${url}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
