import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Imports point inward: workflows → contract ← activities → drain → ports ← adapters. `allowed` lists what a room may not import. */
function room(files, forbidden, extra = []) {
  return {
    files: [files],
    rules: { 'no-restricted-imports': ['error', { patterns: [...forbidden, ...extra] }] },
  };
}

const not = (group, message) => ({ group, message });
const notMatching = (regex, message) => ({ regex, message });
const KAFKAJS = notMatching('^kafkajs', 'Only src/kafka knows kafkajs.');
const MONGODB = notMatching('^(mongodb|bson)', 'Only src/mongodb knows the driver.');
const SCHEMA_LIBRARIES = notMatching('^protobufjs', 'Only src/registry knows the schema library.');
const TEMPORAL = not(['@temporalio/*'], 'The drain is free of Temporal.');
const ADAPTERS = not(
  ['**/kafka/kafkajs*', '**/mongodb/driver*', '**/registry/http*'],
  'Only worker.ts, cli.ts and the thread entry know adapters.',
);
const OUTER = not(
  ['**/activities/*', '**/workflows/*', '**/schedules/*', '**/commands/*', '**/worker.js', '**/cli.js'],
  'Imports point inward.',
);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.data/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-console': 'error',
      complexity: ['error', 10],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  {
    files: ['scripts/**', 'stack/**', 'demo/**', 'bench/**', 'src/commands/**', 'src/cli.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // A test reads top to bottom; its length is that of the story it tells.
    files: ['test/**'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  room('src/workflows/**', [
    notMatching(
      '^(?!@temporalio/workflow$|\\.)',
      'Workflow code is deterministic: @temporalio/workflow and the contract only.',
    ),
    {
      regex: '^\\.\\./(?!(contract|packed|unlisted)\\.js$)',
      allowTypeImports: true,
      message: 'Workflow code imports the contract, and activities as types only.',
    },
  ]),
  room('src/drain/**', [KAFKAJS, MONGODB, SCHEMA_LIBRARIES, TEMPORAL, OUTER, ADAPTERS]),
  {
    files: ['src/drain/thread.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [KAFKAJS, MONGODB, SCHEMA_LIBRARIES, TEMPORAL, OUTER] }],
    },
  },
  room('src/kafka/**', [
    MONGODB,
    TEMPORAL,
    OUTER,
    not(['../drain/*', '../mongodb/*'], 'Adapters know their port only.'),
  ]),
  room('src/mongodb/**', [
    KAFKAJS,
    TEMPORAL,
    OUTER,
    not(['../drain/*', '../kafka/*'], 'Adapters know their port only.'),
  ]),
  room('src/registry/**', [
    KAFKAJS,
    MONGODB,
    TEMPORAL,
    OUTER,
    not(['../drain/*', '../kafka/*', '../mongodb/driver*'], 'Adapters know their port only.'),
  ]),
  room('src/activities/**', [
    KAFKAJS,
    MONGODB,
    SCHEMA_LIBRARIES,
    not(
      ['**/workflows/*', '**/schedules/*', '**/commands/*', '**/worker.js', '**/cli.js'],
      'Imports point inward.',
    ),
    ADAPTERS,
  ]),
  room('src/schedules/**', [KAFKAJS, MONGODB, ADAPTERS]),
  room('src/config/**', [KAFKAJS, MONGODB, TEMPORAL, OUTER, ADAPTERS]),
  prettier,
);
