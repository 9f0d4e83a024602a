import type { LedgerEvent } from '../model/ledger.ts';
import { claim } from '../../src/store/ledger/claim.ts';
import { beginLookUp, recordAbsence, recordFound } from '../../src/store/ledger/doubt.ts';
import { letThrough } from '../../src/store/waiting/let-through.ts';
import { waitForTurn } from '../../src/store/waiting/lane.ts';
import { endHolds, expireOverdue } from '../../src/store/runs/overdue.ts';
import { release } from '../../src/store/ledger/release.ts';
import { end } from '../../src/store/ledger/end.ts';
import { settle } from '../../src/store/ledger/settle.ts';
import { waitAtGate } from '../../src/store/waiting/wait.ts';
import { requestCancel, requestRetry } from '../../src/store/runs/commands.ts';
import type { LedgerBench } from './ledger-bench.ts';

const reason = { code: 'http_500', message: 'Because the model says so.' } as const;

/** Does to a delivery in PostgreSQL what the event does in the reducer. */
export async function perform({ sql }: LedgerBench, id: string, event: LedgerEvent): Promise<unknown> {
  switch (event.do) {
    case 'claim': {
      const { token, version, timeoutMs, part = 0 } = event;
      const parts = Array.from({ length: event.parts ?? 0 }, (_, from) => ({ from, to: from + 1 }));
      const [row] = await sql<{ deadline: number | null }[]>`
        select (policy->>'deadlineMs')::float8 as deadline from deliveries where id = ${id}`;
      const policyDeadlineMs = row?.deadline ?? null;
      return claim(sql, [
        {
          token,
          delivery: id,
          version,
          timeoutMs,
          policyDeadlineMs,
          worker: 'model',
          part,
          ...(event.parts == null ? {} : { parts }),
        },
      ]);
    }
    case 'deliver': {
      const { token, nativeId, version, part = 1 } = event;
      return settle(sql, {
        kind: 'delivered',
        delivery: id,
        token,
        receipt: { nativeId, version, attempt: token, part },
      });
    }
    case 'fail': {
      const { token, outcome, verdict, retryAfterMs, canLookUp = false } = event;
      const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
      return settle(sql, { kind: 'failed', delivery: id, token, outcome, verdict, reason, canLookUp, ...asked });
    }
    case 'release':
      return release(sql, id, event.token);
    case 'wait-turn':
      return waitForTurn(sql, id);
    case 'wait-gate':
      return waitAtGate(sql, id, event.gate, event.isBreaker ? 'breaker' : 'paused');
    case 'call': {
      const gate = { breaker: 'closed', isPassable: true, isProbeDue: false, arrivals: 0 } as const;
      return letThrough(sql, { tenant: 'default', scope: `destination:${id}`, ...gate }, 1, 2_000);
    }
    case 'rest':
      return end(sql, { delivery: id, state: event.state, reason });
    case 'expire':
      return expireOverdue(sql, [id]);
    case 'look-up':
      return beginLookUp(sql, id);
    case 'absent':
      return recordAbsence(sql, id, event.final, event.part);
    case 'found': {
      const receipt = { nativeId: event.nativeId, version: event.version, attempt: 'look-up', part: event.part ?? 1 };
      return recordFound(sql, id, receipt, `destination:${id}`);
    }
    case 'retry':
      return requestRetry(sql, 'default', { delivery: id });
    case 'cancel':
      return requestCancel(sql, 'default', { delivery: id });
    case 'end-hold':
      return endHolds(sql, [id]);
  }
}
