import type { Client } from '@temporalio/client';

/** Whether a worker has asked this task queue for workflow tasks (the kind meant unless told) in the last minutes. */
export async function hasPollers(client: Client, taskQueue: string): Promise<boolean> {
  const { namespace } = client.options;
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
  });
  return pollers.length > 0;
}
