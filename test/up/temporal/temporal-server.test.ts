import { Connection, WorkflowClient } from '@temporalio/client';
import { searchAttributeTypes } from '../../../src/temporal/search-attributes.ts';
import { createSupervisor } from '../../../src/up/process/supervisor.ts';
import { temporalArguments } from '../../../src/up/temporal/temporal-server.ts';
import { startTemporal } from '../../support/temporal.ts';
import { createTestHome, type TestHome } from '../../support/test-servers.ts';

let place: TestHome;

beforeEach(async () => {
  place = await createTestHome();
});

afterEach(() => place.remove());

test('the Temporal server has the search attributes with which runs are started', () => {
  const options = { port: 1, uiPort: 2, namespace: 'default', file: 'temporal.db' };
  const flags = temporalArguments(options);
  const given = flags.filter((_, index) => flags[index - 1] === '--search-attribute');
  expect(given).toEqual(Object.entries(searchAttributeTypes).map(([name, type]) => `${name}=${type}`));
});

test('workflows, search attributes and the retention of seven days survive a restart of Temporal', async () => {
  const seen = async (address: string, work: (client: WorkflowClient) => Promise<void>): Promise<unknown> => {
    const connection = await Connection.connect({ address });
    try {
      await work(new WorkflowClient({ connection }));
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      return {
        days: Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400,
        attributes: Object.keys(customAttributes).sort(),
      };
    } finally {
      await connection.close();
    }
  };
  const expected = {
    days: 7,
    attributes: ['CarillonConversation', 'CarillonSource', 'CarillonState', 'CarillonTenant', 'CarillonTrouble'],
  };
  const first = await seen(await startTemporal(place.home, place.supervisor), async (client) => {
    await client.start('waitsForAWorker', { workflowId: 'kept', taskQueue: 'nobody' });
  });
  expect(first).toEqual(expected);
  await place.supervisor.stop();
  const again = createSupervisor(place.home, console.log);
  const second = await seen(await startTemporal(place.home, again), async (client) => {
    expect((await client.getHandle('kept').describe()).status.name).toBe('RUNNING');
  });
  expect(second).toEqual(expected);
  await again.stop();
});
