import { Connection } from '@temporalio/client';
import { searchAttributes, taskQueue } from '../contract.ts';

/**
 * Values of `temporal.api.enums.v1.IndexedValueType`. They are repeated here because the package that exports the enum
 * has no named exports for ES modules.
 */
const indexedValueTypes = { Keyword: 2, KeywordList: 7 } as const;

/** The type of each search attribute. `npm start` passes the same types to the dev server as flags. */
export const searchAttributeTypes = {
  [searchAttributes.tenant]: 'Keyword',
  [searchAttributes.source]: 'Keyword',
  [searchAttributes.conversation]: 'Keyword',
  [searchAttributes.state]: 'Keyword',
  [searchAttributes.trouble]: 'KeywordList',
} as const;

const pauseMs = 500;

/**
 * Registers the search attributes that the namespace lacks, then waits until the server starts a run with all of them.
 * A frontend takes up to a minute to learn of new attributes. It is safe to call this again.
 * @param patienceMs the limit for all of it, in milliseconds.
 * @throws Error when the server does not accept such a run within that time, or cannot be reached.
 */
export async function registerSearchAttributes(
  address: string,
  namespace: string,
  patienceMs = 120_000,
): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 5_000 });
      try {
        await register(connection, namespace);
        await probe(connection, namespace);
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (Date.now() > until)
        throw new Error(`Temporal at ${address}: no run can be started with our search attributes`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributeTypes).filter(([name]) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedValueTypes[type]])),
  });
}

/** Starts a run with every search attribute on a task queue that no worker polls, and deletes the run. */
async function probe(connection: Connection, namespace: string): Promise<void> {
  const payload = (value: unknown, type: string) => ({
    metadata: { encoding: Buffer.from('json/plain'), type: Buffer.from(type) },
    data: Buffer.from(JSON.stringify(value)),
  });
  const workflowId = `carillon-search-attribute-probe-${process.pid}-${Date.now()}`;
  const workflowExecution = { workflowId };
  await connection.workflowService.startWorkflowExecution({
    namespace,
    workflowId,
    requestId: workflowId,
    workflowType: { name: 'searchAttributeProbe' },
    taskQueue: { name: `${taskQueue}-probe` },
    searchAttributes: {
      indexedFields: Object.fromEntries(
        Object.entries(searchAttributeTypes).map(([name, type]) => [
          name,
          payload(type === 'KeywordList' ? ['probe'] : 'probe', type),
        ]),
      ),
    },
  });
  await connection.workflowService.terminateWorkflowExecution({ namespace, workflowExecution, reason: 'probe' });
  await connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
}
