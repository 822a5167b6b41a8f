import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';

// The recorded histories lie with the sources. `test/workflows/record.ts` says how they are made.
const HISTORIES = fileURLToPath(new URL('../../../test/workflows/histories/', import.meta.url));

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });

function bundle(workflows: string): Promise<WorkflowBundle> {
  const workflowsPath = fileURLToPath(new URL(workflows, import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger });
}

function replay(workflowBundle: WorkflowBundle, file: string): Promise<void> {
  return Worker.runReplayHistory({ workflowBundle }, JSON.parse(readFileSync(HISTORIES + file, 'utf8')));
}

describe('recorded histories', () => {
  let current: WorkflowBundle;
  let changed: WorkflowBundle;
  before(async () => {
    current = await bundle('../../src/workflows/index.js');
    changed = await bundle('./changed-workflow.js');
  });

  for (const file of readdirSync(HISTORIES)) {
    test(`${file} replays with the workflow as it is`, async () => {
      await replay(current, file);
    });
  }

  test('none replays with a workflow that does something else first', async () => {
    for (const file of readdirSync(HISTORIES)) {
      await assert.rejects(replay(changed, file), (error) => error instanceof DeterminismViolationError);
    }
  });
});
