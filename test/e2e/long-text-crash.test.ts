import { eventually } from '../support/eventually.ts';
import { longText, named, numberOf } from '../support/long-text.ts';
import { roomsAt } from '../support/rooms.ts';
import { startStack, type Stack } from '../support/stack.ts';

const retry = { initialInterval: '200ms', multiplier: 1, maxInterval: '1s', maxAttempts: 6, deadline: '5m' };

describe('a worker that dies while it sends the second of three parts', () => {
  let alone: Stack;
  beforeAll(async () => void (alone = await startStack({ worker: false })), 120_000);
  afterAll(() => alone?.close());

  it('the next worker goes on with the second part of a text after a worker died while sending it', async () => {
    const matrix = named('matrix');
    await alone.must('PUT', '/v1/connections/matrix', {
      connector: 'matrix',
      settings: matrix.settings(alone.simulators),
    });
    const address = matrix.address('died');
    await alone.must('PUT', '/v1/destinations/died', { connection: 'matrix', address, retry, timeout: '3s' });
    await alone.fault('matrix', { path: '/send/', match: '(2/3)', mode: 'commit-then-timeout', times: 1 });
    const first = alone.startWorker();
    const { id, deliveries } = await alone.post({ text: longText(28_000 * 2.3).text, destinations: ['died'] });
    const attempts = async () =>
      (await alone.must('GET', `/v1/deliveries/${deliveries[0]?.id}/attempts`)).data as {
        part: number;
        outcome: string;
      }[];
    await eventually('it sends the second', async () => (await attempts()).at(-1)?.part === 2, 60_000);
    process.kill(Number(first.identity.split(':').at(-1)), 'SIGKILL');
    const second = alone.startWorker();
    expect((await alone.rest(id, 90_000)).deliveries[0]).toMatchObject({ state: 'delivered', doubled: false });
    expect((await attempts()).map(({ part, outcome }) => [part, outcome])).toEqual([
      [1, 'delivered'],
      [2, 'unknown'],
      [2, 'delivered'],
      [3, 'delivered'],
    ]);
    const shown = await roomsAt(alone.simulators).read('matrix', matrix.room('died'));
    expect(shown.map(numberOf)).toEqual(['1/3', '2/3', '3/3']);
    await second.stop();
  }, 180_000);
});
