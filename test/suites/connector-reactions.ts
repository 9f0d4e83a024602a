import type { Target } from '../../src/connectors/contract/context.ts';
import { attempt, freshMessageId, reactionTo, sampleOutgoing, sendContext, type Created } from '../support/outgoing.ts';
import type { SimulatorBench } from '../support/simulators.ts';
import type { ConnectorCase } from './connector-suite.ts';

/**
 * What every connector with reactions promises: a repeated reaction is there once, and one that is taken away is gone.
 */
export function reactionSuite(one: ConnectorCase, at: () => { bench: SimulatorBench; target: Target }): void {
  const { connector, reactions } = one;
  if (connector.capabilities.react.level === 'dropped' || reactions === undefined) return;

  const send = (out: Created['out']) => attempt(connector, out, sendContext(at().bench.http));
  async function create(): Promise<Created> {
    const out = sampleOutgoing(at().target, { id: freshMessageId(), content: { text: 'first' } });
    return { out, receipt: await send(out) };
  }
  const shown = (created: Created) => reactions(at().bench, created);

  describe('a reaction', () => {
    it('a reaction that is sent twice is there once', async () => {
      const created = await create();
      await send(reactionTo(created, '👍'));
      await send(reactionTo(created, '👍'));
      expect(await shown(created)).toEqual(['👍']);
    });

    it('a reaction that is removed twice is gone, and other reactions stay', async () => {
      const created = await create();
      for (const emoji of ['👍', '🎉']) await send(reactionTo(created, emoji));
      for (let count = 0; count < 2; count += 1) await send(reactionTo(created, '👍', 'unreact'));
      expect(await shown(created)).toEqual(['🎉']);
    });
  });
}
