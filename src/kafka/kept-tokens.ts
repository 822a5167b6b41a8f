import { createHash } from 'node:crypto';
import type { KafkaSettings } from '../config/settings.js';
import type { Token, TokenKeeping } from './oauth-token.js';

/** Access tokens that outlive the runs that fetched them; in memory only. */
export interface KeptTokens {
  /** For the connection that these settings describe: with another secret there is another token. */
  of: (kafka: KafkaSettings) => TokenKeeping;
}

export function createKeptTokens(): KeptTokens {
  const last: { key: string; token: Token | null } = { key: '', token: null };
  return {
    of: ({ sasl }) => {
      const key = createHash('sha256').update(JSON.stringify(sasl)).digest('hex');
      return {
        kept: last.key === key ? last.token : null,
        changed: (token) => Object.assign(last, { key, token }),
      };
    },
  };
}
