import { Client, Connection } from '@temporalio/client';
import { deliverMessageType } from '../../src/contract.ts';

/** The runs of a soak by their status in Temporal. */
export interface Runs {
  readonly counts: Readonly<Record<string, number>>;
  /**
   * Why some runs failed. A failed run breaks no promise, because the sweep starts the message again, but it is a
   * defect.
   */
  readonly failures: readonly { readonly workflowId: string; readonly why: string }[];
}

const shownFailures = 10;
/** Right statuses of a run. A running one has a parked or uncertain delivery. */
const fine = new Set(['COMPLETED', 'RUNNING']);

/** @param address of Temporal itself, not of a proxy. */
export async function readRuns(address: string): Promise<Runs> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection, namespace: 'default' });
    const counts: Record<string, number> = {};
    const failures: { workflowId: string; why: string }[] = [];
    for await (const { workflowId, runId, status } of workflow.list({
      query: `WorkflowType = '${deliverMessageType}'`,
    })) {
      counts[status.name] = (counts[status.name] ?? 0) + 1;
      if (fine.has(status.name) || failures.length >= shownFailures) continue;
      const why = await workflow
        .getHandle(workflowId, runId)
        .result()
        .then(() => status.name, reasons);
      failures.push({ workflowId, why });
    }
    return { counts, failures };
  } finally {
    await connection.close();
  }
}

function reasons(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}${error.cause === undefined ? '' : ` ← ${reasons(error.cause)}`}`
    : String(error);
}
