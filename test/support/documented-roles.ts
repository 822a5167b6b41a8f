import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { Document } from 'mongodb';
import { repositoryFolder } from '../../stack/binaries.js';

/** A command of mongosh in docs/security.md, as the server gets it. */
export interface DocumentedCommand {
  database: string;
  command: Document;
}

/** What docs/security.md tells people to enter into mongosh; whoever is asked for a password answers `password`. */
export function documentedCommands(password: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  const of = (database: string) => {
    const add = (command: Document) => void commands.push({ database, command });
    return {
      createRole: ({ role, ...rest }: Document) => add({ createRole: role as string, ...rest }),
      createUser: ({ user, ...rest }: Document) => add({ createUser: user as string, ...rest }),
      grantPrivilegesToRole: (role: string, privileges: Document[]) =>
        add({ grantPrivilegesToRole: role, privileges }),
    };
  };
  const shell = createContext({ db: { getSiblingDB: of }, passwordPrompt: () => password });
  const text = readFileSync(join(repositoryFolder, 'docs', 'security.md'), 'utf8');
  for (const [, script = ''] of text.matchAll(/^```js\n(.*?)^```$/gms)) runInContext(script, shell);
  return commands;
}
