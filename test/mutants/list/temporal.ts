import type { Mutant } from '../mutant.js';

/** The connection to Temporal. */
export const TEMPORAL_MUTANTS: readonly Mutant[] = [
  {
    name: 'credentials for Temporal are used without a look at them',
    bug: null,
    edits: [{ file: 'temporal/options', find: 'if (faults.length > 0)', replace: 'if (false)' }],
    tests: ['temporal/credentials'],
  },
  {
    name: 'a Temporal server that closes on a client certificate counts as one that is down',
    bug: null,
    edits: [{ file: 'temporal/handshake', find: "if (end !== 'closed')", replace: 'if (true)' }],
    tests: ['end-to-end/security/temporal-access'],
    only: 'client certificate',
    servers: true,
  },
  {
    name: 'a worker whose API key is not accepted ends with an error that nobody foresaw',
    bug: null,
    edits: [{ file: 'temporal/errors', find: "'code: Unauthenticated',", replace: '' }],
    tests: ['end-to-end/security/temporal-access'],
    only: 'a worker ends',
    servers: true,
  },
];
