import { Client, Connection } from '@temporalio/client';
import { deliverMessageType } from '../../src/contract.ts';

/** Runs of a soak by how they ended, as Temporal shows them. */
export interface Runs {
  readonly counts: Readonly<Record<string, number>>;
  /** Why some of those that failed did: no promise is broken by it, as the sweep starts them again, but it is a defect. */
  readonly failures: readonly { readonly workflowId: string; readonly why: string }[];
}

const shownFailures = 10;
/** A run of a delivered message that ended as it should; `Running` ones keep a parked or uncertain delivery company. */
const fine = new Set(['COMPLETED', 'RUNNING']);

/** @param address of the server itself, past the proxies. */
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
