import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { isPortOpen } from '../ports.ts';

/** How long the server keeps closed runs. The dev server sets one day and has no flag for more. */
const retention = '7 days';

/** A server that takes longer than this to answer is not ready yet. */
const answerMs = 5_000;

/**
 * Checks whether the server on this machine answers for the namespace, and sets the namespace's retention to 7 days.
 * This has its own file because the client takes half a second to load, which happens while the server starts.
 * @returns true, or the reason why the server is not ready yet.
 */
export async function temporalReady(port: number, namespace: string): Promise<true | string> {
  // The client waits a second before it tries a closed port again, so look at the port first.
  if (!(await isPortOpen(port))) return `nobody listens on port ${port}`;
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
  try {
    await connection.withDeadline(Date.now() + answerMs, () => keepRetention(connection, namespace));
    return true;
  } catch (error) {
    // The server registers the namespace a moment after it opens the port.
    if (isGrpcServiceError(error)) return error.message;
    throw error;
  } finally {
    await connection.close();
  }
}

async function keepRetention({ workflowService }: Connection, namespace: string): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace });
  const wanted = msToTs(retention);
  const found = config?.workflowExecutionRetentionTtl;
  if (found === undefined || found === null || tsToMs(found) !== tsToMs(wanted))
    await workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: wanted } });
}
