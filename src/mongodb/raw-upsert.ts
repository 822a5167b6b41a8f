import type { Item } from './documents.js';
import type { RawFields } from './json-to-bson.js';
import { RESERVED_BYTES } from './reserved-field.js';
import type { DocumentId, UpsertModel, Version } from './sink.js';
import { measure, textBytes } from './storable.js';

/** What an upsert is made of whose fields nobody had to look at. */
export interface RawParts extends Pick<UpsertModel, 'id' | 'idKey'>, Pick<Version, 'partition' | 'epoch'> {
  /** The record, or whatever else says where it is in its partition. */
  place: Pick<Version, 'offset' | 'timestampMs'>;
  declared: Version['declared'];
  fields: RawFields;
}

const NO_FIELDS = {};

/**
 * An upsert whose fields are BSON. It is also the item that is sent for it, the fields, and the version: most records come here, and
 * what is made for each lives as long as its batch, so that the garbage collector copies it twice. A class, since getters of each
 * one's own would be as much.
 */
export class RawUpsert implements UpsertModel, RawFields, Item, Version {
  readonly id: DocumentId;
  readonly idKey: string;
  readonly buffer: Buffer;
  readonly from: number;
  readonly end: number;
  readonly partition: string;
  readonly epoch: number;
  readonly declared: Version['declared'];
  private readonly place: RawParts['place'];
  /** 0: not measured yet; most records of an id that comes again and again never are. */
  private size = 0;

  constructor({ id, idKey, partition, epoch, place, declared, fields }: RawParts) {
    this.id = id;
    this.idKey = idKey;
    this.buffer = fields.buffer;
    this.from = fields.from;
    this.end = fields.end;
    this.partition = partition;
    this.epoch = epoch;
    this.place = place;
    this.declared = declared;
  }

  get bytes(): number {
    if (this.size === 0) this.size = this.measured();
    return this.size;
  }

  private measured(): number {
    const { id, declared, partition, from, end } = this;
    const idBytes = (typeof id === 'string' ? textBytes(id) : measure(id).bytes) + 16;
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
