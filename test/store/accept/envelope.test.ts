import { chosenFields, envelopeNames, hasRule, type ChosenField, type Envelope } from '../../../src/domain/message.ts';
import type { Acceptance } from '../../../src/store/accept/acceptance.ts';
import { acceptReplay } from '../../../src/store/accept/replay.ts';
import { loadPlan } from '../../../src/store/config/destinations.ts';
import { columnOf, toEnvelope } from '../../../src/store/db/envelope.ts';
import { newMessageId } from '../../../src/store/db/new-id.ts';
import { readLedgerOf } from '../../../src/store/ledger/ledger.ts';
import { findMessage } from '../../../src/store/read/messages.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { accepted, changeSteps } from '../change-steps.ts';

let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

/** The columns of `messages` that say how the message was found, and how far it has come. */
const otherColumns = [
  'workflow_id',
  'dedupe_key',
  'band',
  'version',
  'deleted_at',
  'state',
  'open_count',
  'lease_until',
  'set_aside',
  'dispatched_at',
  'entered_at',
  'first_attempt_at',
  'rested_at',
];

describe('the envelope', () => {
  it('has a field for each column of the table, and a column for each field', async () => {
    const rows = await bench.sql<{ name: string }[]>`
      select column_name as name from information_schema.columns where table_name = 'messages'`;
    const columns = rows.map(({ name }) => name).filter((name) => !otherColumns.includes(name));
    expect(columns.sort()).toEqual(envelopeNames.map(columnOf).sort());
  });

  it('is read for a delivery as its sender chose it', async () => {
    const { id, chosen } = await postChosen();
    const [entry] = await readLedgerOf(bench.sql, bench.ring, [id]);
    expect(entry?.message).toEqual({
      ...chosen,
      id,
      tenant: 'default',
      schemaVersion: '1',
      sequence: null, // A scheduled message takes its place when its time comes.
      receivedAt: expect.any(String),
      sender: null,
      content: { text: 'hello' },
    });
  });

  it('is read by the API as it is read for a delivery', async () => {
    const { id } = await postChosen();
    const [entry] = await readLedgerOf(bench.sql, bench.ring, [id]);
    expect({ ...(await shown(id)), sender: null, content: { text: 'hello' } }).toEqual(entry?.message);
  });

  it('is inherited by an edit, but for its type and its times', async () => {
    const { id, chosen } = await postChosen();
    const edit = await shown(accepted(await changeSteps(bench).edit(id, 'edited')).id);
    const { type: _type, occurredAt: _at, sendAt: _sendAt, expiresAt: _expiresAt, ...inherited } = chosen;
    const { receivedAt, occurredAt } = edit;
    expect(edit).toMatchObject({ ...inherited, type: 'message.edited', refersTo: id });
    expect(Date.parse(receivedAt) - Date.parse(occurredAt)).toBeLessThan(1_000);
    for (const own of ['sendAt', 'expiresAt']) expect(edit).not.toHaveProperty(own);
  });

  it('is copied to a replay, which goes out at once', async () => {
    const { id, chosen } = await postChosen();
    const plans = { current: () => loadPlan(bench.sql, 'default'), reload: () => loadPlan(bench.sql, 'default') };
    const asked = { id: newMessageId(), tenant: 'default', original: id, destinations: null, key: undefined };
    const result = await acceptReplay(bench.sql, bench.ring, asked, plans);
    if (result.outcome !== 'accepted') throw new Error(`not accepted: ${result.outcome}`);
    const { sendAt: _sendAt, ...copied } = chosen;
    const replay = await shown(result.id);
    expect(replay).toMatchObject({ ...copied, replayOf: id });
    expect(replay).not.toHaveProperty('sendAt');
  });
});

async function shown(id: string): Promise<Envelope> {
  const row = await findMessage(bench.sql, 'default', id);
  if (row === undefined) throw new Error('no such message');
  return toEnvelope(row);
}

/** Accepts a message whose sender chose every field. A field that is not named here has a text. */
async function postChosen(): Promise<{ id: string; chosen: { [Field in ChosenField]?: Envelope[Field] } }> {
  const { id: thread } = await bench.post();
  const hour = 3_600_000;
  const chosen: Record<string, unknown> = {
    ...Object.fromEntries(chosenFields.map((field) => [field, `the ${field}`])),
    priority: 'high',
    class: 'must',
    occurredAt: '2026-01-02T03:04:05.678Z',
    sendAt: new Date(Date.now() + hour).toISOString(),
    expiresAt: new Date(Date.now() + 2 * hour).toISOString(),
    labels: { team: 'core' },
    thread,
  };
  const given = chosenFields.map((field) => {
    const value = chosen[field];
    return [field, hasRule(field, 'isTime') ? new Date(String(value)) : value];
  });
  const { id } = await bench.post(Object.fromEntries(given) as Partial<Acceptance>);
  return { id, chosen };
}
