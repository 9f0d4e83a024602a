import { mentionRef } from '../../src/connectors/text/mention.ts';
import { webhook } from '../../src/connectors/webhook/index.ts';
import { planAttempt } from '../../src/deliver/attempt-plan.ts';
import type { DeliverDeps } from '../../src/deliver/deps.ts';
import { noFiles } from '../../src/deliver/gather-files.ts';
import { prepare } from '../../src/deliver/prepare.ts';
import type { LedgerEntry } from '../../src/store/ledger/ledger.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';
import { sampleMessage } from '../support/outgoing.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const ref = mentionRef({ kind: 'native', connection: 'nowhere', id: 'U1' });
const text = `first part with [@Ann](${ref})\n\nsecond part`;
const split = 'first part with @Ann'.length;

/** Prepares the part of a pinned split that is sent after this many have arrived. */
async function preparePart(part: number) {
  const message = sampleMessage();
  const entry = {
    id: 'dlv_1',
    tenant: 'default',
    destination: 'orders',
    action: 'create',
    message: { ...message, content: { ...message.content, text } },
    isPinned: true,
    parts: [
      { from: 0, to: split },
      { from: split, to: split + 20 },
    ],
    part,
    view: { attempts: 1 },
    target: { connector: 'webhook', address: { url: 'http://127.0.0.1:9/' }, connection: 'hooks', settings: {} },
  } as unknown as LedgerEntry;
  const deps = {
    sql: bench.sql,
    ring: bench.ring,
    connectors: new Map([['webhook', webhook]]),
  } as unknown as DeliverDeps;
  const plan = planAttempt(deps, entry, new AbortController().signal);
  if (plan === undefined) throw new Error('no plan');
  return (await prepare(deps, plan, noFiles)).post.outgoing;
}

describe('the people of a message that is sent in parts', () => {
  it('are looked up for the part that mentions them', async () => {
    expect([...((await preparePart(0)).people?.keys() ?? [])]).toEqual([ref]);
  });

  it('are not looked up again for a part that mentions nobody, where a failed look-up would cost it an attempt', async () => {
    const outgoing = await preparePart(1);
    expect(outgoing.people).toBeUndefined();
    expect(outgoing.message.content.text).not.toContain('Ann');
  });
});
