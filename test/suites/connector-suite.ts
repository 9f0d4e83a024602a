import { createEgress } from '../../src/connectors/http/egress.ts';
import { checkFields } from '../../src/connectors/contract/fields.ts';
import { createHttp } from '../../src/connectors/http/client.ts';
import { secretTexts } from '../../src/connectors/contract/secrets.ts';
import type { FaultSpec } from '../../src/simulators/kit/faults.ts';
import type { RecordedRequest } from '../../src/simulators/kit/requests.ts';
import type { ActionKind, Connector, Outgoing } from '../../src/connectors/contract/connector.ts';
import type { Target, Values } from '../../src/connectors/contract/context.ts';
import type { FailureKind, Affected } from '../../src/domain/failure.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { attempt, failureOf, sampleOutgoing, sendContext, type Created } from '../support/outgoing.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';
import { actionSuite, affectedByDefault } from './connector-actions.ts';
import { reactionSuite } from './connector-reactions.ts';

/** What the suite must know of a connector. Each connector's other behaviour has tests of its own. */
export interface ConnectorCase {
  readonly connector: Connector;
  /** Returns settings and an address that reach the platform at this base URL, such as `http://127.0.0.1:4000`. */
  readonly target: (base: string) => { readonly settings: Values; readonly address: Values };
  /** Part of the path of the call that does each action. */
  readonly paths: Readonly<Record<ActionKind, string>>;
  /** Part of the path of the call that looks up a message; class B only. */
  readonly lookupPath?: string;
  /** Part of the path of the call that looks up a reply in a thread; class B only. */
  readonly threadLookupPath?: string;
  /** Returns how many times the platform shows this delivery to its users. */
  readonly copies: (bench: SimulatorBench, delivery: string) => Promise<number>;
  /** Returns what the platform shows its users of the message that this created; undefined when it shows nothing. */
  readonly shown: (bench: SimulatorBench, created: Outgoing) => Promise<Shown | undefined>;
  /**
   * Returns the emoji that the platform shows its users at the message that this created; only for connectors with
   * reactions.
   */
  readonly reactions?: (bench: SimulatorBench, created: Created) => Promise<string[]>;
  /** Whether a recorded request posts this delivery. */
  readonly isPostOf: (request: RecordedRequest, delivery: string) => boolean;
  /**
   * Answers of the platform, with the failure that the connector must report. Without a mode, the platform commits
   * nothing.
   */
  readonly answers: readonly AnswerCase[];
  /** Refusals of a look-up; class B only. */
  readonly lookupRefusals?: readonly Partial<FaultSpec>[];
}

export interface AnswerCase {
  /** Default: `create`. */
  readonly action?: ActionKind;
  readonly kind: FailureKind;
  readonly code: string;
  /** Default: `message` for a permanent failure, otherwise `destination`. */
  readonly affects?: Affected;
  readonly answer: Pick<FaultSpec, 'status'> & Partial<FaultSpec>;
}

/** A message as the users of the platform see it. */
export interface Shown {
  readonly text: string;
  /** Id of the delivery that created the root of its thread. */
  readonly replyTo?: string;
}

/** What every connector promises to the ledger, tried against its simulator over real sockets. */
export function connectorSuite(one: ConnectorCase): void {
  const { connector } = one;
  const { name } = connector;
  let bench: SimulatorBench;
  const targetAt = (base: string): Target => {
    const { settings, address } = one.target(base);
    return {
      connection: { id: 'under-test', settings },
      destination: { id: 'under-test', address },
    };
  };
  const outgoing = () => sampleOutgoing(targetAt(bench.url));
  const postsOf = async (delivery: string): Promise<RecordedRequest[]> =>
    (await bench.requests(name)).filter((request) => one.isPostOf(request, delivery));
  const script = (spec: Partial<FaultSpec>): Promise<void> => bench.fault(name, { path: one.paths.create, ...spec });

  beforeAll(async () => {
    bench = await startSimulatorBench([name]);
  });
  afterEach(() => bench.clearFaults(name));
  afterAll(() => bench.stop());

  it('a connector accepts its own settings and address', () => {
    const { settings, address } = one.target('http://127.0.0.1:1');
    expect(checkFields(connector.settings, settings, '/settings')).toEqual([]);
    expect(checkFields(connector.address, address, '/address')).toEqual([]);
  });

  describe('sending a message', () => {
    it('a connector delivers a message once and returns a receipt', async () => {
      const out = outgoing();
      const receipt = await attempt(connector, out, sendContext(bench.http));
      expect(receipt).toMatchObject({ nativeId: expect.stringMatching(/./), status: expect.any(Number) });
      expect(await one.copies(bench, out.delivery)).toBe(1);
    });

    it('a connector sends the same bytes in every attempt', async () => {
      const out = outgoing();
      await script({ status: 503, times: 2 });
      for (const number of [1, 2])
        await failureOf(attempt(connector, out, sendContext(bench.http, { attempt: number })));
      const again = { ...out, message: JSON.parse(JSON.stringify(out.message)) };
      await attempt(connector, again, sendContext(bench.http, { attempt: 3 }));
      const posts = await postsOf(out.delivery);
      expect(posts).toHaveLength(3);
      expect(new Set(posts.map(({ body }) => body)).size).toBe(1);
    });

    const answers = one.answers.filter(({ action = 'create' }) => action === 'create');
    it.each(answers)('the answer $code is reported as $kind', async ({ kind, code, answer, affects }) => {
      const out = outgoing();
      await script(answer);
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind, code, status: answer.status, affects: affects ?? affectedByDefault(kind) });
      expect(await postsOf(out.delivery)).toHaveLength(1);
    });

    it.each([
      { status: 429, kind: 'transient' },
      { status: 503, kind: 'ambiguous' },
    ])('a connector reports the Retry-After of a $status', async ({ status, kind }) => {
      await script({ status, retryAfter: 7 });
      const failure = await failureOf(attempt(connector, outgoing(), sendContext(bench.http)));
      expect(failure).toMatchObject({ kind, status, retryAfterMs: 7_000 });
    });

    it('a time-out after the request was written is ambiguous, and the message may have arrived', async () => {
      const out = outgoing();
      await script({ mode: 'commit-then-timeout' });
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http, { timeoutMs: 400 })));
      expect(failure).toMatchObject({ kind: 'ambiguous', code: 'timeout' });
      expect(await one.copies(bench, out.delivery)).toBe(1);
    });

    it.each([
      ['reset-before', 0],
      ['reset-after', 1],
    ] as const)('an attempt whose connection breaks (%s) is ambiguous', async (mode, copies) => {
      const out = outgoing();
      await script({ mode });
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind: 'ambiguous', code: 'connection_reset' });
      expect(await one.copies(bench, out.delivery)).toBe(copies);
      expect(await postsOf(out.delivery)).toHaveLength(1);
    });

    it('a refused connection is transient', async () => {
      const out = sampleOutgoing(targetAt(`http://127.0.0.1:${await freePort()}`));
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind: 'transient', code: 'connection_refused' });
    });

    it('a host name that does not exist is transient', async () => {
      const out = sampleOutgoing(targetAt('http://carillon-test.invalid'));
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind: 'transient', code: 'dns_failure' });
    });

    it('an address that is not allowed parks the message, and nothing is sent to it', async () => {
      const out = outgoing();
      const http = createHttp({ egress: createEgress([]) });
      const failure = await failureOf(attempt(connector, out, sendContext(http)));
      await http.close();
      expect(failure).toMatchObject({ kind: 'permanent', code: 'egress_denied' });
      expect(await postsOf(out.delivery)).toEqual([]);
    });

    it('a connector follows no redirect', async () => {
      const out = outgoing();
      await script({ status: 307, headers: { location: `${bench.url}/${name}/elsewhere` } });
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind: 'permanent', code: 'http_307' });
      expect(await postsOf(out.delivery)).toHaveLength(1);
    });

    it('a connector writes nothing when the process is already stopping', async () => {
      const out = outgoing();
      const call = attempt(connector, out, sendContext(bench.http, { signal: AbortSignal.abort() }));
      expect(await failureOf(call)).toMatchObject({ kind: 'stopped' });
      expect(await postsOf(out.delivery)).toEqual([]);
    });

    it('a connector waits for the answer when the process is stopped after the write', async () => {
      const out = outgoing();
      const stop = new AbortController();
      await script({ mode: 'delay', delayMs: 300 });
      const call = attempt(connector, out, sendContext(bench.http, { signal: stop.signal }));
      await eventually('the request has arrived', async () => (await postsOf(out.delivery)).length === 1);
      stop.abort();
      await expect(call).resolves.toMatchObject({ nativeId: expect.any(String) });
    });

    it('a connector reports the outcome of an attempt even if the answer is too large', async () => {
      const out = outgoing();
      await script({ mode: 'commit-then-status', status: 500, body: 'x'.repeat(1_000_000) });
      const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(failure).toMatchObject({ kind: 'ambiguous', status: 500 });
      expect(failure.excerpt?.length).toBe(500);
      expect(await one.copies(bench, out.delivery)).toBe(1);
    });

    it('a failure contains no secret, even if the platform sends the secrets back', async () => {
      const out = outgoing();
      const secrets = secretTexts(connector.settings, out.connection.settings);
      expect(secrets).not.toEqual([]);
      for (const status of [400, 500]) {
        await script({ status, body: `you said ${secrets.join(' and ')}, ${JSON.stringify({ secrets })}` });
        const failure = await failureOf(attempt(connector, out, sendContext(bench.http)));
        expect(failure.excerpt).toContain('[secret]');
        expectFree(failure, secrets);
      }
      const refused = sampleOutgoing(targetAt(`http://127.0.0.1:${await freePort()}`));
      expectFree(await failureOf(attempt(connector, refused, sendContext(bench.http))), secrets);
    });
  });

  actionSuite(one, () => ({ bench, target: targetAt(bench.url) }));
  reactionSuite(one, () => ({ bench, target: targetAt(bench.url) }));

  const lookupPath = one.lookupPath;
  if (lookupPath === undefined) {
    it('a connector names the recovery class that its platform allows', async () => {
      const out = outgoing();
      const { kind } = connector.recoveryClass(out, out.action.kind);
      expect(kind === 'B').toBe(connector.reconcile !== undefined);
      if (kind !== 'A') return;
      await script({ mode: 'commit-then-timeout' });
      await failureOf(attempt(connector, out, sendContext(bench.http, { timeoutMs: 400 })));
      await attempt(connector, out, sendContext(bench.http, { attempt: 2 }));
      expect(await one.copies(bench, out.delivery)).toBe(1);
    });
    return;
  }

  describe('looking up a message in doubt', () => {
    const since = new Date(Date.now() - 1_000);
    const reconcile = (out: ReturnType<typeof outgoing>) => {
      if (connector.reconcile === undefined) throw new Error('a class B connector has a look-up');
      return connector.reconcile(out, since, sendContext(bench.http));
    };

    it('a connector with a look-up is of class B', () => {
      expect(connector.recoveryClass(outgoing(), 'create')).toEqual({ kind: 'B' });
    });

    it('a look-up finds a message that was committed before the answer was lost', async () => {
      const sent = outgoing();
      const other = outgoing();
      await script({ mode: 'commit-then-timeout' });
      await failureOf(attempt(connector, sent, sendContext(bench.http, { timeoutMs: 400 })));
      const receipt = await attempt(connector, other, sendContext(bench.http));
      const found = await reconcile(sent);
      expect(found?.nativeId).toMatch(/./);
      expect(found?.nativeId).not.toBe(receipt.nativeId);
      expect((await reconcile(other))?.nativeId).toBe(receipt.nativeId);
    });

    it('a look-up finds nothing when nothing was committed', async () => {
      const out = outgoing();
      await script({ mode: 'reset-before' });
      await failureOf(attempt(connector, out, sendContext(bench.http)));
      expect(await reconcile(out)).toBeUndefined();
    });

    it.each(one.lookupRefusals ?? [])('a refused look-up never means that a message is absent: %j', async (refusal) => {
      const out = outgoing();
      await bench.fault(name, { path: lookupPath, ...refusal });
      expect((await failureOf(reconcile(out))).kind).toMatch(/^(transient|permanent)$/);
    });

    it.each(['timeout', 'reset-before'] as const)('a look-up that ends in %s is transient', async (mode) => {
      await bench.fault(name, { path: lookupPath, mode });
      const call = connector.reconcile?.(outgoing(), since, sendContext(bench.http, { timeoutMs: 300 }));
      expect(await failureOf(Promise.resolve(call))).toMatchObject({ kind: 'transient' });
    });
  });
}

/** Expects no secret in anything that could be stored or logged, including the causes of the error. */
function expectFree(failure: Error, secrets: readonly string[]): void {
  for (let error: unknown = failure; error instanceof Error; error = error.cause) {
    const shown = [error.message, error.stack, JSON.stringify(Object.entries(error))].join('\n');
    for (const secret of secrets) expect(shown).not.toContain(secret);
  }
}
