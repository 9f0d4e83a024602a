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
 * What every connector promises of edits, deletes and replies, as far as its capabilities go: after several changes the
 * platform shows the last one, and a repeated change changes nothing.
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
    it('an edited message shows the text of its last edit, once', async () => {
      const created = await create();
      await send(editOf(created, 'second'));
      expect(await shown(created)).toEqual({ text: 'second' });
      await send(editOf(created, 'third'));
      expect(await shown(created)).toEqual({ text: 'third' });
      expect(await one.copies(at().bench, created.out.delivery)).toBe(1);
    });

  if (can('delete'))
    it('a deleted message is no longer shown, and other messages still are', async () => {
      const [created, other] = [await create(), await create('other')];
      if (can('edit')) await send(editOf(created, 'second'));
      await send(deletionOf(created));
      expect(await shown(created)).toBeUndefined();
      expect(await shown(other)).toEqual({ text: 'other' });
    });

  describe.each(changes)('the action %s', (kind) => {
    it(`a sent ${kind} returns a receipt`, async () => {
      const out = change(kind, await create());
      expect(await send(out)).toMatchObject({ nativeId: expect.stringMatching(/./), status: expect.any(Number) });
    });

    it(`every attempt of one ${kind} sends the same bytes`, async () => {
      const out = change(kind, await create());
      const before = (await bodies(kind)).length;
      await script(kind, { status: 503, times: 2 });
      for (const number of [1, 2]) await failureOf(send(out, { attempt: number }));
      await send({ ...out, message: JSON.parse(JSON.stringify(out.message)) }, { attempt: 3 });
      const sent = (await bodies(kind)).slice(before);
      expect(sent).toHaveLength(3);
      expect(new Set(sent).size).toBe(1);
    });

    it(`a repeated ${kind} after a lost answer leaves the message as the first one did`, async () => {
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

    it(`a lost ${kind} changes nothing, and its attempt is ambiguous`, async () => {
      const created = await create();
      await script(kind, { mode: 'reset-before' });
      const failure = await failureOf(send(change(kind, created)));
      expect(failure).toMatchObject({ kind: 'ambiguous', code: 'connection_reset' });
      expect(await shown(created)).toEqual({ text: 'first' });
    });

    it(`a rate limit of a ${kind} is reported with its Retry-After`, async () => {
      const out = change(kind, await create());
      await script(kind, { status: 429, retryAfter: 7 });
      expect(await failureOf(send(out))).toMatchObject({ kind: 'transient', retryAfterMs: 7_000 });
    });

    it(`a refused connection makes a ${kind} transient, and a stopping process writes nothing`, async () => {
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
      it.each(answers)('the answer $code is reported as $kind', async ({ kind: expected, code, answer, affects }) => {
        const out = change(kind, await create());
        await script(kind, answer);
        const failure = await failureOf(send(out));
        expect(failure).toMatchObject({ kind: expected, code, affects: affects ?? affectedByDefault(expected) });
      });
  });

  if (can('thread'))
    describe('a reply', () => {
      it('a reply goes to the thread of the message to which it replies', async () => {
        const [root, other] = [await create(), await create('other')];
        const reply = await post(replyTo(root));
        expect(await shown(reply)).toEqual({ text: 'a reply', replyTo: root.out.delivery });
        expect(await shown(root)).toEqual({ text: 'first' });
        expect(await shown(other)).toEqual({ text: 'other' });
      });

      if (can('edit'))
        it('an edited reply stays in its thread', async () => {
          const root = await create();
          const reply = await post(replyTo(root));
          await send(editOf(reply, 'second'));
          expect(await shown(reply)).toEqual({ text: 'second', replyTo: root.out.delivery });
        });

      if (can('delete'))
        it('a reply can be deleted without its root', async () => {
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

      it('a look-up finds a reply whose answer was lost, and what it finds can be edited', async () => {
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

      it('a look-up finds no reply that was not committed', async () => {
        const out = replyTo(await create());
        await script('create', { mode: 'reset-before' });
        await failureOf(send(out));
        expect(await lookUp(out)).toBeUndefined();
      });

      const refusals = [lookupPath, threadLookupPath].flatMap((path) =>
        (one.lookupRefusals ?? []).map((refusal) => ({ path, ...refusal })),
      );
      it.each(refusals)('a refused look-up of a reply never means that the reply is absent: %j', async (refusal) => {
        const out = replyTo(await create());
        await at().bench.fault(name, refusal);
        expect((await failureOf(lookUp(out))).kind).toMatch(/^(transient|permanent)$/);
      });
    });

  if (connector.addressesByOurIds === true)
    it('a connector that uses our ids changes messages and replies without their receipts', async () => {
      const root = { ...(await create()), receipt: null };
      const reply = { ...(await post(replyTo(root))), receipt: null };
      expect(await shown(reply)).toEqual({ text: 'a reply', replyTo: root.out.delivery });
      await send(editOf(reply, 'second'));
      expect(await shown(reply)).toEqual({ text: 'second', replyTo: root.out.delivery });
      await send(deletionOf(reply));
      expect(await shown(reply)).toBeUndefined();
    });
  else if (can('edit') && can('delete'))
    describe('messages that are not there', () => {
      it('a deleted message cannot be edited, and deleting it again succeeds', async () => {
        const gone = await create();
        await send(deletionOf(gone));
        expect(await failureOf(send(editOf(gone, 'second')))).toMatchObject({ kind: 'permanent', affects: 'message' });
        expect(await send(deletionOf(gone))).toMatchObject({ nativeId: gone.receipt?.nativeId });
        expect(await shown(gone)).toBeUndefined();
      });

      it('a change of a message without a native id is refused before anything is sent', async () => {
        const nameless = { ...(await create()), receipt: null };
        const total = (await at().bench.requests(name)).length;
        for (const out of [editOf(nameless, 'second'), deletionOf(nameless), replyTo(nameless)])
          expect(await failureOf(send(out))).toMatchObject({ kind: 'permanent', affects: 'message' });
        expect(await at().bench.requests(name)).toHaveLength(total);
      });
    });
}

/** What a failure affects by default, as documented at `SendFailureDetails`. */
export function affectedByDefault(kind: FailureKind): Affected {
  return kind === 'permanent' ? 'message' : 'destination';
}
