import type { ActionKind, Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { FailureKind, Affected } from '../../src/domain/failure.ts';
import type { FaultSpec } from '../../src/simulators/kit/faults.ts';
import {
  attempt,
  deletionOf,
  editOf,
  failureOf,
  freshMessageId,
  replyTo,
  sampleOutgoing,
  sendContext,
  type Created,
} from '../support/outgoing.ts';
import { freePort } from '../support/free-port.ts';
import type { SimulatorBench } from '../support/simulators.ts';
import type { ConnectorCase } from './connector-suite.ts';

/**
 * What every connector promises of edits, deletes and replies, as far as its capabilities go: a chain of them leaves what
 * the last one says, and one that is repeated leaves the same.
 */
export function actionSuite(one: ConnectorCase, at: () => { bench: SimulatorBench; target: Target }): void {
  const { connector } = one;
  const { name, capabilities } = connector;
  const can = (what: keyof typeof capabilities): boolean => capabilities[what].level !== 'dropped';
  const changes = (['edit', 'delete'] as const).filter(can);

  const send = (out: Outgoing, more: object = {}) => attempt(connector, out, sendContext(at().bench.http, more));
  const post = async (out: Outgoing): Promise<Created> => ({ out, receipt: await send(out) });
  const create = (text = 'first'): Promise<Created> =>
    post(sampleOutgoing(at().target, { id: freshMessageId(), content: { text } }));
  const change = (kind: ActionKind, created: Created): Outgoing =>
    kind === 'edit' ? editOf(created, 'second') : deletionOf(created);
  const shown = ({ out }: Created) => one.shown(at().bench, out);
  const script = (kind: ActionKind, spec: Partial<FaultSpec>) =>
    at().bench.fault(name, { path: one.paths[kind], ...spec });
  const bodies = async (kind: ActionKind): Promise<string[]> =>
    (await at().bench.requests(name)).filter(({ path }) => path.includes(one.paths[kind])).map(({ body }) => body);

  if (can('edit'))
    it('shows the text of the last edit, once', async () => {
      const created = await create();
      await send(editOf(created, 'second'));
      expect(await shown(created)).toEqual({ text: 'second' });
      await send(editOf(created, 'third'));
      expect(await shown(created)).toEqual({ text: 'third' });
      expect(await one.copies(at().bench, created.out.delivery)).toBe(1);
    });

  if (can('delete'))
    it('shows nothing of what was deleted, and all else', async () => {
      const [created, other] = [await create(), await create('other')];
      if (can('edit')) await send(editOf(created, 'second'));
      await send(deletionOf(created));
      expect(await shown(created)).toBeUndefined();
      expect(await shown(other)).toEqual({ text: 'other' });
    });

  describe.each(changes)('%s', (kind) => {
    it('returns a receipt', async () => {
      const out = change(kind, await create());
      expect(await send(out)).toMatchObject({ nativeId: expect.stringMatching(/./), status: expect.any(Number) });
    });

    it('sends the same bytes in every attempt', async () => {
      const out = change(kind, await create());
      const before = (await bodies(kind)).length;
      await script(kind, { status: 503, times: 2 });
      for (const number of [1, 2]) await failureOf(send(out, { attempt: number }));
      await send({ ...out, message: JSON.parse(JSON.stringify(out.message)) }, { attempt: 3 });
      const sent = (await bodies(kind)).slice(before);
      expect(sent).toHaveLength(3);
      expect(new Set(sent).size).toBe(1);
    });

    it('leaves the same when it is repeated after its answer was lost', async () => {
      const created = await create();
      const out = change(kind, created);
      expect(connector.recoveryClass(out, kind).kind).toBe('A');
      await script(kind, { mode: 'commit-then-timeout' });
      expect(await failureOf(send(out, { timeoutMs: 400 }))).toMatchObject({ kind: 'ambiguous', code: 'timeout' });
      const after = await shown(created);
      await send(out, { attempt: 2 });
      expect(await shown(created)).toEqual(after);
      expect(after).toEqual(kind === 'edit' ? { text: 'second' } : undefined);
    });

    it('is not done where the request was lost', async () => {
      const created = await create();
      await script(kind, { mode: 'reset-before' });
      const failure = await failureOf(send(change(kind, created)));
      expect(failure).toMatchObject({ kind: 'ambiguous', code: 'connection_reset' });
      expect(await shown(created)).toEqual({ text: 'first' });
    });

    it('passes on a rate limit with its Retry-After', async () => {
      const out = change(kind, await create());
      await script(kind, { status: 429, retryAfter: 7 });
      expect(await failureOf(send(out))).toMatchObject({ kind: 'transient', retryAfterMs: 7_000 });
    });

    it('reports a refused connection as transient, and writes nothing when stopping', async () => {
      const out = change(kind, await create());
      const { settings, address } = one.target(`http://127.0.0.1:${await freePort()}`);
      const away = {
        ...out,
        connection: { ...out.connection, settings },
        destination: { ...out.destination, address },
      };
      expect(await failureOf(send(away))).toMatchObject({ kind: 'transient', code: 'connection_refused' });
      const before = (await bodies(kind)).length;
      expect(await failureOf(send(out, { signal: AbortSignal.abort() }))).toMatchObject({ kind: 'stopped' });
      expect(await bodies(kind)).toHaveLength(before);
    });

    const answers = one.answers.filter(({ action }) => action === kind);
    if (answers.length > 0)
      it.each(answers)('takes $code for $kind', async ({ kind: expected, code, answer, affects }) => {
        const out = change(kind, await create());
        await script(kind, answer);
        const failure = await failureOf(send(out));
        expect(failure).toMatchObject({ kind: expected, code, affects: affects ?? affectedByDefault(expected) });
      });
  });

  if (can('thread'))
    describe('a reply', () => {
      it('goes to the thread of what it replies to', async () => {
        const [root, other] = [await create(), await create('other')];
        const reply = await post(replyTo(root));
        expect(await shown(reply)).toEqual({ text: 'a reply', replyTo: root.out.delivery });
        expect(await shown(root)).toEqual({ text: 'first' });
        expect(await shown(other)).toEqual({ text: 'other' });
      });

      if (can('edit'))
        it('stays there when it is edited', async () => {
          const root = await create();
          const reply = await post(replyTo(root));
          await send(editOf(reply, 'second'));
          expect(await shown(reply)).toEqual({ text: 'second', replyTo: root.out.delivery });
        });

      if (can('delete'))
        it('can be deleted alone', async () => {
          const root = await create();
          const reply = await post(replyTo(root));
          await send(deletionOf(reply));
          expect(await shown(reply)).toBeUndefined();
          expect(await shown(root)).toEqual({ text: 'first' });
        });

      const { lookupPath, threadLookupPath } = one;
      if (lookupPath === undefined || threadLookupPath === undefined) return;
      const lookUp = async (out: Outgoing) =>
        connector.reconcile?.(out, new Date(Date.now() - 60_000), sendContext(at().bench.http));

      it('is found where its answer was lost, and can be changed by what was found', async () => {
        const root = await create();
        const other = await post(replyTo(root));
        const out = replyTo(root);
        await script('create', { mode: 'commit-then-timeout' });
        await failureOf(send(out, { timeoutMs: 400 }));
        expect((await lookUp(other.out))?.nativeId).toBe(other.receipt?.nativeId);
        const reply = { out, receipt: (await lookUp(out)) ?? null };
        await send(editOf(reply, 'second'));
        expect(await shown(reply)).toEqual({ text: 'second', replyTo: root.out.delivery });
      });

      it('is absent where nothing was committed', async () => {
        const out = replyTo(await create());
        await script('create', { mode: 'reset-before' });
        await failureOf(send(out));
        expect(await lookUp(out)).toBeUndefined();
      });

      const refusals = [lookupPath, threadLookupPath].flatMap((path) =>
        (one.lookupRefusals ?? []).map((refusal) => ({ path, ...refusal })),
      );
      it.each(refusals)('is never absent where the look-up was refused: %j', async (refusal) => {
        const out = replyTo(await create());
        await at().bench.fault(name, refusal);
        expect((await failureOf(lookUp(out))).kind).toMatch(/^(transient|permanent)$/);
      });
    });

  if (connector.addressesByOurIds === true)
    it('tells of edits, deletes and replies without a receipt of what they refer to', async () => {
      const root = { ...(await create()), receipt: null };
      const reply = { ...(await post(replyTo(root))), receipt: null };
      expect(await shown(reply)).toEqual({ text: 'a reply', replyTo: root.out.delivery });
      await send(editOf(reply, 'second'));
      expect(await shown(reply)).toEqual({ text: 'second', replyTo: root.out.delivery });
      await send(deletionOf(reply));
      expect(await shown(reply)).toBeUndefined();
    });
  else if (can('edit') && can('delete'))
    describe('what is not there', () => {
      it('cannot be edited, and counts as deleted', async () => {
        const gone = await create();
        await send(deletionOf(gone));
        expect(await failureOf(send(editOf(gone, 'second')))).toMatchObject({ kind: 'permanent', affects: 'message' });
        expect(await send(deletionOf(gone))).toMatchObject({ nativeId: gone.receipt?.nativeId });
        expect(await shown(gone)).toBeUndefined();
      });

      it('is refused before it is sent where it has no id', async () => {
        const nameless = { ...(await create()), receipt: null };
        const total = (await at().bench.requests(name)).length;
        for (const out of [editOf(nameless, 'second'), deletionOf(nameless), replyTo(nameless)])
          expect(await failureOf(send(out))).toMatchObject({ kind: 'permanent', affects: 'message' });
        expect(await at().bench.requests(name)).toHaveLength(total);
      });
    });
}

/** As documented of `SendFailureDetails`. */
export function affectedByDefault(kind: FailureKind): Affected {
  return kind === 'permanent' ? 'message' : 'destination';
}
