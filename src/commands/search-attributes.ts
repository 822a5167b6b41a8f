/** The custom columns of the list of runs. Registered once per namespace. */
import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract.js';

/** Temporal's API has numbers for the types. */
const TYPE_NUMBERS = { KEYWORD: 2, INT: 3 } as const;
const TYPE_NAMES: readonly string[] = [
  'UNSPECIFIED',
  'TEXT',
  'KEYWORD',
  'INT',
  'DOUBLE',
  'BOOL',
  'DATETIME',
  'KEYWORD_LIST',
];

export interface MissingAttribute {
  name: string;
  type: keyof typeof TYPE_NUMBERS;
  /** The type under which the name is registered; `null`: not at all. */
  found: string | null;
}

/** The attributes that aren't registered, or with another type. */
export async function missingSearchAttributes(client: Client): Promise<MissingAttribute[]> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES).flatMap(({ name, type }): MissingAttribute[] => {
    const found = customAttributes[name];
    if (found === undefined) return [{ name, type, found: null }];
    const foundType = TYPE_NAMES[found] ?? String(found);
    return foundType === type ? [] : [{ name, type, found: foundType }];
  });
}

/** Registers those that are missing; returns the names, and what stays wrong because a name has another type. */
export async function registerSearchAttributes(
  client: Client,
): Promise<{ registered: string[]; wrong: MissingAttribute[] }> {
  const missing = await missingSearchAttributes(client);
  const absent = missing.filter(({ found }) => found === null);
  if (absent.length > 0) {
    const searchAttributes = Object.fromEntries(absent.map(({ name, type }) => [name, TYPE_NUMBERS[type]]));
    await client.connection.operatorService.addSearchAttributes({
      namespace: client.options.namespace,
      searchAttributes,
    });
  }
  return { registered: absent.map(({ name }) => name), wrong: missing.filter(({ found }) => found !== null) };
}
