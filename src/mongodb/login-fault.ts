import type { MongoServerError } from 'mongodb';
import { certificateOf, namesOf, subjectOf, type Options } from './connected-by.js';
import { UNAUTHORIZED } from './errors.js';

const AUTHENTICATION_FAILED = 18;
const USER_NOT_FOUND = 11;
const MECHANISM_UNAVAILABLE = 334;
const ATLAS = 8000;

/** Why nobody is let in, and what to do, in words that follow "refused: "; `null`: it is about something else. Shows no text of the server's. */
export function loginText({ code, message }: MongoServerError, options: Options): string | null {
  switch (code) {
    case AUTHENTICATION_FAILED:
    case USER_NOT_FOUND:
      return notAccepted(options);
    case ATLAS:
      return /\bbad auth\b/.test(message) ? notAccepted(options) : null;
    case MECHANISM_UNAVAILABLE:
      return `it does not offer ${options.credentials?.mechanism ?? 'this authentication'} to this user: correct authMechanism in mongodb.uri`;
    case UNAUTHORIZED:
      return /requires authentication$/.test(message) ? notAuthenticated(options) : null;
    default:
      return null;
  }
}

function notAccepted(options: Options): string {
  const { credentials } = options;
  if (credentials === undefined) return NO_USER;
  if (credentials.mechanism !== 'MONGODB-X509')
    return (
      `the password of user "${credentials.username}" was not accepted, or there is no such user in database ` +
      `"${credentials.source}": check mongodb.uri; its authSource names the user's database`
    );
  const { cert, key } = namesOf(options);
  const own = certificateOf(options);
  if (own === null) return `MONGODB-X509 needs a client certificate: set ${cert} and ${key}`;
  return `there is no user "${subjectOf(own)}" in database "$external": create it, or correct ${cert}`;
}

const NO_USER = 'it wants authentication, and mongodb.uri names no user';

/** Every connection of ours begins with authentication: if it has ended, the user has. */
function notAuthenticated(options: Options): string {
  const { credentials } = options;
  if (credentials === undefined) return NO_USER;
  const name =
    credentials.mechanism === 'MONGODB-X509' ? subjectOf(certificateOf(options)) : credentials.username;
  return `user "${name}" is no longer known in database "${credentials.source}": was it removed?`;
}
