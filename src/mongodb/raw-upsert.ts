import type { Item } from './documents.js';
import type { RawFields } from './json-to-bson.js';
import { RESERVED_BYTES } from './reserved-field.js';
import { createSpares, MOST_OF_RECORDS, type Reusable } from '../spares.js';
import type { DocumentId, UpsertModel, Version, WriteModel } from './sink.js';
import { measure, textBytes } from './storable.js';

/** What an upsert is made of whose fields nobody had to look at. */
export interface RawParts extends Pick<Version, 'partition' | 'epoch'> {
  id: IdPlace | Made;
  /** The record, or whatever else says where it is in its partition. */
  place: Pick<Version, 'offset' | 'timestampMs'>;
  declared: Version['declared'];
  fields: RawFields;
}

/** Where the id is, a short text of ASCII that is the same as its `idKey`. Valid as long as the model. */
export interface IdPlace {
  readonly buffer: Buffer;
  readonly keyAt: number;
  readonly keyBytes: number;
}

type Made = Pick<UpsertModel, 'id' | 'idKey'>;

const NO_FIELDS = {};
const NO_BYTES = Buffer.alloc(0);
const NO_ID: Made = { id: null, idKey: '' };
const NO_PLACE: RawParts['place'] = { offset: -1n, timestampMs: -1 };

const spares = createSpares<RawUpsert>(MOST_OF_RECORDS);

/** One that was used before, where there is one. Valid until it is recycled. */
export function rawUpsertOf(parts: RawParts): RawUpsert {
  const upsert = spares.take() ?? new RawUpsert();
  upsert.fill(parts);
  return upsert;
}

/** Nobody reads these models any more: what stands for those that are raw stands for others soon. Error: `UNEXPECTED`, as of `Spares`. */
export function recycleModels(models: readonly (WriteModel | null)[]): void {
  for (const model of models) {
    if (model instanceof RawUpsert) spares.giveBack(model);
  }
}

/**
 * An upsert whose fields are BSON. It is also the item that is sent for it, the fields, and the version: most records come here, and
 * each lives as long as its batch. A class, since getters of each one's own would be as much.
 */
export class RawUpsert implements UpsertModel, RawFields, Item, Version, Reusable {
  /** Whether the id is there, or in `made`. */
  isIdInPlace = false;
  idBytes: Buffer = NO_BYTES;
  idAt = 0;
  idEnd = 0;
  private made: Made = NO_ID;
  buffer: Buffer = NO_BYTES;
  from = 0;
  end = 0;
  partition = '';
  epoch = 0;
  declared: Version['declared'] = undefined;
  private place = NO_PLACE;
  /** 0: not measured yet; most records of an id that comes again and again never are. */
  private size = 0;

  fill({ id, partition, epoch, place, declared, fields }: RawParts): void {
    this.isIdInPlace = 'buffer' in id;
    if ('buffer' in id) {
      this.idBytes = id.buffer;
      this.idAt = id.keyAt;
      this.idEnd = id.keyAt + id.keyBytes;
    } else this.made = id;
    this.buffer = fields.buffer;
    this.from = fields.from;
    this.end = fields.end;
    this.partition = partition;
    this.epoch = epoch;
    this.place = place;
    this.declared = declared;
    this.size = 0;
  }

  forget(): boolean {
    const isForgotten = this.place === NO_PLACE;
    this.idBytes = NO_BYTES;
    this.made = NO_ID;
    this.buffer = NO_BYTES;
    this.place = NO_PLACE;
    this.declared = undefined;
    return !isForgotten;
  }

  get id(): DocumentId {
    return this.isIdInPlace ? this.idText : this.made.id;
  }

  get idKey(): string {
    return this.isIdInPlace ? this.idText : this.made.idKey;
  }

  private get idText(): string {
    return this.idBytes.toString('latin1', this.idAt, this.idEnd);
  }

  get bytes(): number {
    if (this.size === 0) this.size = this.measured();
    return this.size;
  }

  private measured(): number {
    const { declared, partition, from, end } = this;
    const idBytes = 16 + (this.isIdInPlace ? this.idEnd - this.idAt : bytesOfId(this.made.id));
    const declaredBytes = declared === undefined ? 0 : measure([declared]).bytes;
    return end - from + RESERVED_BYTES + 3 * partition.length + declaredBytes + 3 * idBytes;
  }

  get kind(): 'upsert' {
    return 'upsert';
  }

  get version(): this {
    return this;
  }

  get offset(): bigint {
    return this.place.offset;
  }

  get timestampMs(): number {
    return this.place.timestampMs;
  }

  /** None that anybody looked at. */
  get fields(): UpsertModel['fields'] {
    return NO_FIELDS;
  }

  get model(): this {
    return this;
  }

  /** It is made where it is sent. */
  get document(): null {
    return null;
  }
}

function bytesOfId(id: DocumentId): number {
  return typeof id === 'string' ? textBytes(id) : measure(id).bytes;
}
