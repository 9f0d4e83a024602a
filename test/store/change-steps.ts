import { acceptDelete, acceptEdit, type ChangeResult } from '../../src/store/accept/changes.ts';
import { readLedger, type LedgerEntry } from '../../src/store/ledger/ledger.ts';
import { newMessageId } from '../../src/store/db/new-id.ts';
import { end } from '../../src/store/ledger/end.ts';
import { settle } from '../../src/store/ledger/settle.ts';
import { waitAtGate } from '../../src/store/waiting/wait.ts';
import { requestCancel } from '../../src/store/runs/commands.ts';
import type { LedgerBench } from '../support/ledger-bench.ts';

export function accepted(result: ChangeResult): { id: string; delivery: string; deliveries: readonly string[] } {
  if (result.outcome !== 'accepted') throw new Error(`not accepted: ${result.outcome}`);
  const deliveries = result.deliveries.map(({ id }) => id);
  return { id: result.id, delivery: deliveries[0] ?? '', deliveries };
}

/** Steps of the tests of changes: edits, deletes, and originals in each state. */
export function changeSteps(bench: LedgerBench) {
  let keys = 0;
  const edit = (original: string, text: string, key = `edit-${(keys += 1)}`, sql = bench.sql) =>
    acceptEdit(sql, bench.ring, {
      id: newMessageId(),
      tenant: 'default',
      original,
      dedupeScope: `api:edit:${original}`,
      dedupeKey: key,
      canonicalBody: JSON.stringify({ text }),
      content: { text },
      sender: null,
    });
  const remove = (original: string, sql = bench.sql, tenant = 'default') =>
    acceptDelete(sql, bench.ring, {
      id: newMessageId(),
      tenant,
      original,
      dedupeScope: 'api:delete',
      dedupeKey: original,
      canonicalBody: '{}',
    });

  async function postOne(options: Parameters<LedgerBench['post']>[0] = {}) {
    const { id, deliveries } = await bench.post(options);
    return { message: id, delivery: deliveries[0] ?? '' };
  }

  async function claimed(delivery: string): Promise<string> {
    const claim = await bench.claim(delivery);
    if (claim === undefined) throw new Error('not claimed');
    return claim.token;
  }

  async function delivered(options: Parameters<LedgerBench['post']>[0] = {}) {
    const one = await postOne(options);
    await bench.deliver(one.delivery, await claimed(one.delivery));
    return one;
  }

  async function entry(delivery: string): Promise<LedgerEntry> {
    const [found] = await readLedger(bench.sql, bench.ring, [delivery]);
    if (found === undefined) throw new Error('no such delivery');
    return found;
  }

  const uncertain = async (delivery: string, canLookUp = false) =>
    settle(bench.sql, {
      kind: 'failed',
      delivery,
      token: await claimed(delivery),
      outcome: 'ambiguous',
      verdict: canLookUp
        ? { state: 'retrying', delayMs: 60_000, inDoubt: true }
        : { state: 'uncertain', inDoubt: true },
      canLookUp,
      reason: { code: 'timeout', message: 'no answer' },
    });

  /** Brings a queued delivery into each state that an original may have. */
  const bring = {
    queued: async () => undefined,
    waiting: (id) => waitAtGate(bench.sql, id, 'destination:orders', 'paused'),
    sending: (id) => bench.claim(id),
    rejected: async (id) => bench.fail(id, await claimed(id), { delayMs: 60_000 }),
    'retrying in doubt': async (id) => bench.fail(id, await claimed(id), { delayMs: 60_000, ambiguous: true }),
    parked: async (id) => bench.fail(id, await claimed(id), { park: true }),
    'parked in doubt': async (id) => bench.fail(id, await claimed(id), { park: true, ambiguous: true }),
    uncertain: (id) => uncertain(id),
    delivered: async (id) => bench.deliver(id, await claimed(id)),
    cancelled: (id) => requestCancel(bench.sql, 'default', { delivery: id }),
    expired: (id) =>
      end(bench.sql, { delivery: id, state: 'expired', reason: { code: 'expired', message: 'too late' } }),
  } as const satisfies Record<string, (delivery: string) => Promise<unknown>>;
  return { edit, remove, postOne, claimed, delivered, entry, uncertain, bring };
}
