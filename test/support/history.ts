import type { Client } from '@temporalio/client';
import { temporal as proto } from '@temporalio/proto';

type HistoryEvent = proto.api.history.v1.IHistoryEvent;

/** One run of a workflow id. Runs follow each other by continue-as-new. */
export interface Run {
  readonly runId: string;
  readonly events: readonly HistoryEvent[];
}

/**
 * Reads the runs of a chain, from the first to the last.
 * @param firstRunId the run with which the chain begins.
 */
export async function readChain(temporal: Client, workflowId: string, firstRunId: string): Promise<Run[]> {
  const chain: Run[] = [];
  for (let next: string | undefined = firstRunId; next !== undefined;) {
    const runId: string = next;
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    chain.push({ runId, events: events ?? [] });
    next = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return chain;
}

/** Reads the events of the open run, or of the last one. */
export async function readEvents(temporal: Client, workflowId: string): Promise<readonly HistoryEvent[]> {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  return events ?? [];
}

/**
 * Returns the failures of workflow tasks: a replay that came to other commands, or a defect. Time-outs do not count.
 * Neither does an end that a signal overtook, because the server repeats that task.
 */
export function failedTasks(events: readonly HistoryEvent[]): string[] {
  const failures = events.map(({ workflowTaskFailedEventAttributes: failed }) => failed ?? undefined);
  return failures.flatMap((failed) =>
    failed === undefined || isOvertaken(failed.cause) ? [] : [failed.failure?.message ?? 'failed'],
  );
}

const { WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND: overtaken } = proto.api.enums.v1.WorkflowTaskFailedCause;
const isOvertaken = (cause: unknown): boolean => cause === overtaken;

/** Returns the identities of the workers of a run, in the order of their first task. */
export function workersOf(events: readonly HistoryEvent[]): string[] {
  const identities = events.flatMap(({ workflowTaskCompletedEventAttributes: done }) => done?.identity ?? []);
  return [...new Set(identities)];
}
