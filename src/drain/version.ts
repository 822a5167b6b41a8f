import type { PipelineSettings, VersionRule } from '../config/settings.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import { hasTime } from '../mongodb/iso-date.js';
import type { Version, VersionOrder, VersionValue } from '../mongodb/sink.js';
import { toVersionValue } from '../mongodb/version-values.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import { positionOf } from './source-position.js';

export function versionOrderOf({ by }: VersionRule): VersionOrder {
  return by === 'offset' || by === 'timestamp' ? by : 'declared';
}

/** Where a record's version may be declared. */
export interface VersionSource {
  /** The document's fields, or what is known of a deleted one; `null`: nothing. */
  fields: Fields | null;
  /** The source part of a change event; `null`: there is no envelope. */
  source: Fields | null;
}

export type VersionRules = Pick<PipelineSettings, 'version' | 'epoch'>;

/** The version of a record by the pipeline's rule. */
export function versionOf(
  rules: VersionRules,
  record: KafkaRecord,
  from: VersionSource,
): { kind: 'version'; version: Version } | BadRecord {
  const declared = declaredOf(rules, record, from);
  if (declared.kind === 'bad') return declared;
  const { offset, timestampMs } = record;
  const place = { partition: partitionName(record), offset, timestampMs, epoch: rules.epoch };
  const { value } = declared;
  return { kind: 'version', version: value === undefined ? place : { ...place, declared: value } };
}

/** What the record itself declares; `undefined`: by the rule that is nothing. */
export type Declared = { kind: 'value'; value: VersionValue | undefined };

const NOTHING: Declared = { kind: 'value', value: undefined };

/** What a version has beside the record's place in its log. */
export function declaredOf(
  { version: rule }: VersionRules,
  record: KafkaRecord,
  from: VersionSource,
): Declared | BadRecord {
  switch (rule.by) {
    case 'offset':
      return NOTHING;
    case 'timestamp':
      return hasTime(record.timestampMs)
        ? NOTHING
        : bad('version', 'VERSION_MISSING', 'the record has no valid timestamp, which decides its version');
    case 'field':
      return ofField(rule.field, from.fields);
    case 'source':
      return positionOf(from.source);
  }
}

function ofField(field: string, fields: Fields | null): Declared | BadRecord {
  const found = fields !== null && Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (found === undefined || found === null) {
    return bad('version', 'VERSION_MISSING', `there is no field "${field}" to take the version from`);
  }
  const value = toVersionValue(found);
  return value === null
    ? bad(
        'version',
        'VERSION_UNUSABLE',
        `the field "${field}" orders nothing: a version is a finite number, a text, a date, a timestamp or an ObjectId`,
      )
    : { kind: 'value', value };
}
