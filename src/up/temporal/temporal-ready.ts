import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { isPortOpen } from '../ports.ts';

/** Closed runs stay in history this long. The dev server makes namespaces with one day and has no flag for more. */
const retention = '7 days';

/** One question to the server may take this long; then it counts as not yet ready. */
const answerMs = 5_000;

/**
 * Looks whether a server on this machine answers for the namespace, and gives the namespace our retention where it
 * has another. Kept apart from the server's flags because the client takes half a second to load, which a start
 * spends while the server starts.
 * @returns true, or what is missing while the server is on its way up.
 */
export async function temporalReady(port: number, namespace: string): Promise<true | string> {
  // The client waits a second before it knocks at a closed port again.
  if (!(await isPortOpen(port))) return `nobody listens on port ${port}`;
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
  try {
    await connection.withDeadline(Date.now() + answerMs, () => keepRetention(connection, namespace));
    return true;
  } catch (error) {
    // The namespace is registered a moment after the port opens.
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
