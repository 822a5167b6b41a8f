import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';

// The recorded histories lie with the sources. `test/workflows/record.ts` says how they are made.
const HISTORIES = fileURLToPath(new URL('../../../test/workflows/histories/', import.meta.url));
const CURRENT = { workflowsPath: fileURLToPath(new URL('../../src/workflows/index.js', import.meta.url)) };
const CHANGED = { workflowsPath: fileURLToPath(new URL('./changed-workflow.js', import.meta.url)) };

Runtime.install({ logger: new DefaultLogger('ERROR') });

function replay(options: ReplayWorkerOptions, file: string): Promise<void> {
  return Worker.runReplayHistory(options, JSON.parse(readFileSync(HISTORIES + file, 'utf8')));
}

describe('recorded histories', () => {
  for (const file of readdirSync(HISTORIES)) {
    test(`${file} replays with the workflow as it is`, async () => {
      await replay(CURRENT, file);
    });
  }

  test('none replays with a workflow that does something else first', async () => {
    for (const file of readdirSync(HISTORIES)) {
      await assert.rejects(replay(CHANGED, file), (error) => error instanceof DeterminismViolationError);
    }
  });
});
