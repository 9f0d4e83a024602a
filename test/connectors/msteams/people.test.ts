import { msteams } from '../../../src/connectors/msteams/index.ts';
import { channel, settings, target } from '../../support/msteams.ts';
import { failureOf, sendContext } from '../../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

describe('people in Teams', () => {
  let bench: SimulatorBench;
  beforeAll(async () => {
    bench = await startSimulatorBench(['msteams']);
  });
  afterAll(() => bench.stop());
  const at = (more: object = {}) => target(bench.url, channel, more).connection;

  it('people in Teams are found by id, and by e-mail address on any page of the roster', async () => {
    const ben = { id: '29:1ben-sim', name: 'Ben Baker', email: 'ben@example.com' };
    expect(await msteams.people?.byId?.(ben.id, at(), sendContext(bench.http))).toEqual(ben);
    const cleo = await msteams.people?.byEmail?.('Cleo@Example.com', at(), sendContext(bench.http));
    expect(cleo).toMatchObject({ id: '29:1cleo-sim' });
  });

  it('a person is unknown in Teams if they are not a member or the connection names no roster', async () => {
    const context = sendContext(bench.http);
    expect(await msteams.people?.byId?.('29:nobody', at(), context)).toBeUndefined();
    expect(await msteams.people?.byEmail?.('eve@example.com', at(), context)).toBeUndefined();
    const { roster: _, ...rest } = settings(bench.url);
    const without = { id: 'acme', settings: rest };
    expect(await msteams.people?.byEmail?.('ben@example.com', without, context)).toBeUndefined();
    expect(await msteams.people?.byId?.('29:1ben-sim', without, context)).toBeUndefined();
  });

  it('a failed look-up of a person in Teams is never reported as "unknown"', async () => {
    await bench.fault('msteams', { path: 'pagedmembers', status: 500 });
    const call = msteams.people?.byEmail?.('ben@example.com', at(), sendContext(bench.http));
    expect(await failureOf(Promise.resolve(call))).toMatchObject({ kind: 'transient' });
  });
});
