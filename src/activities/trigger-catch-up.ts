import { Context } from '@temporalio/activity';
import { ScheduleNotFoundError, ScheduleOverlapPolicy, type ScheduleClient } from '@temporalio/client';
import type { CatchUpInput } from '../contract.js';

/**
 * Triggers the schedule's next run, which starts as soon as this one closes and has a plan and a record of its own. Does
 * nothing where people wouldn't expect it: the schedule is gone or paused, or lets runs overlap freely.
 * @returns whether it was triggered.
 */
export async function triggerCatchUp({ scheduleId }: CatchUpInput): Promise<boolean> {
  const { schedule } = Context.current().client;
  if (!(await accepts(schedule, scheduleId))) return false;
  await schedule.getHandle(scheduleId).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  return true;
}

async function accepts(schedules: ScheduleClient, scheduleId: string): Promise<boolean> {
  try {
    const { state, policies } = await schedules.getHandle(scheduleId).describe();
    return !state.paused && policies.overlap !== ScheduleOverlapPolicy.ALLOW_ALL;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
