/** `kafka-drain check`: whether everything a run needs is there, before a run has to find out. */
import type { Settings } from '../config/settings.js';
import { asDrainError } from '../errors.js';
import { checkCertificates } from './check-certificates.js';
import { checkKafka } from './check-kafka.js';
import { checkMongodb } from './check-mongodb.js';
import { checkTransforms } from './check-transforms.js';
import { checkTemporal } from './check-temporal.js';
import { checkRegistry } from './check-registry.js';
import { printData, settingsOf, type Context, type ExitCode } from './context.js';
import type { Style } from './style.js';

/** One thing looked at. `warning`: runs work, but something should be done. */
export interface Finding {
  area: 'configuration' | 'kafka' | 'mongodb' | 'registry' | 'temporal' | 'schedule';
  /** `null`: concerns all. */
  pipeline: string | null;
  state: 'ok' | 'warning' | 'failed';
  text: string;
}

/** Looks at configuration, Kafka, MongoDB, schema registry and Temporal at the same time; changes nothing. Exit code 1 where something failed. */
export async function check(context: Context): Promise<ExitCode> {
  const settings = settingsOf(context);
  const parts = [
    checkTransforms(settings),
    checkKafka(settings),
    checkMongodb(settings),
    checkRegistry(settings),
    checkTemporal(context, settings),
  ];
  const reached = (await Promise.all(parts)).flat();
  const findings = [configured(context, settings), ...checkCertificates(settings), ...reached];
  printData(context, findings, () =>
    findings.map((finding) => findingLine(finding, context.style)).join('\n'),
  );
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
}

function configured({ configPath }: Context, { pipelines }: Settings): Finding {
  const names = [...pipelines.keys()].join(', ');
  return { area: 'configuration', pipeline: null, state: 'ok', text: `${configPath}: pipelines ${names}` };
}

/** A finding's error as the finding. */
export function failed(area: Finding['area'], pipeline: string | null, error: unknown): Finding {
  const { code, message } = asDrainError(error);
  return { area, pipeline, state: 'failed', text: `${code}: ${message}` };
}

function findingLine({ area, pipeline, state, text }: Finding, style: Style): string {
  const marks = {
    ok: style.good('ok     '),
    warning: style.warning('warning'),
    failed: style.bad('failed '),
  };
  return `${marks[state]}  ${(pipeline === null ? area : `${area} ${pipeline}`).padEnd(20)}  ${text}`;
}
