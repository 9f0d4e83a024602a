import type { Connector } from '../../src/connectors/contract/connector.ts';
import type { Values } from '../../src/connectors/contract/context.ts';
import type { HookRequest, Received } from '../../src/connectors/contract/inbound.ts';
import type { SigningKeys } from '../../src/connectors/contract/signing-keys.ts';
import type { InboundEvent } from '../../src/domain/inbound.ts';

/** What the suite must know of the events of a platform. Each platform's other behaviour has tests of its own. */
export interface InboundCase {
  readonly connector: Connector;
  /**
   * Settings of the connection. If the platform allows a list of secrets, each list has two, and the second one is in
   * use.
   */
  readonly settings: Values;
  readonly keys?: SigningKeys;
  /** Makes a genuine request with this body, as the platform would send it at this time. */
  readonly request: (body: string, now: Date) => HookRequest | Promise<HookRequest>;
  /** The body of an ordinary message of a person, and its text in Markdown. */
  readonly message: { readonly body: string; readonly text: string };
  /** A genuine body of an event type that no bridge needs. */
  readonly unknown: string;
  /** Makes of a genuine request the request of an attacker who does not have the secret. */
  readonly forged: (request: HookRequest) => HookRequest;
  /** Returns the request without any proof. */
  readonly unsigned: (request: HookRequest) => HookRequest;
  /** The status of the answer to a request that is not genuine. */
  readonly refusal: 401 | 403;
  /** Whether a request proves when it was made. */
  readonly isDated: boolean;
}

const minute = 60_000;

/** What every connector promises about the requests to its hook, from the platform or from another sender. */
export function inboundSuite(one: InboundCase): void {
  const { connector, refusal } = one;
  const { inbound } = connector;
  if (inbound === undefined) throw new Error(`${connector.name} takes nothing in`);
  const now = new Date('2026-03-01T12:00:00Z');
  const connection = { id: 'under-test', settings: one.settings, url: 'https://carillon.example/hooks/under-test' };
  const keys: SigningKeys = one.keys ?? { find: async () => undefined };
  const receive = async (request: HookRequest, at = now): Promise<Received> =>
    inbound.receive(request, connection, { now: at, keys });
  const eventsOf = (received: Received): InboundEvent[] =>
    received.kind === 'events' ? received.events.flatMap((each) => ('event' in each ? [each.event] : [])) : [];

  describe('a genuine message', () => {
    it('a genuine message is read and answered with a 2xx', async () => {
      const received = await receive(await one.request(one.message.body, now));
      expect(received.answer.status).toBeGreaterThanOrEqual(200);
      expect(received.answer.status).toBeLessThan(300);
      const [event, ...more] = eventsOf(received);
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        kind: 'created',
        key: expect.stringMatching(/^.{1,500}$/),
        room: expect.stringMatching(/./),
        nativeId: expect.stringMatching(/./),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
      if (event?.isIncomplete !== true) expect(event?.text).toBe(one.message.text);
      expect(event?.sender?.id).toMatch(/./);
    });

    it('a genuine message that is sent again has the same key', async () => {
      const [first, second] = [
        await receive(await one.request(one.message.body, now)),
        await receive(
          await one.request(one.message.body, new Date(now.getTime() + minute)),
          new Date(now.getTime() + minute),
        ),
      ];
      expect(eventsOf(second)[0]?.key).toBe(eventsOf(first)[0]?.key);
      const { nativeId = '' } = eventsOf(first)[0] ?? {};
      expect(inbound.linkKey(nativeId)).toBe(inbound.linkKey(eventsOf(second)[0]?.nativeId ?? ''));
    });
  });

  describe('a request that is not genuine', () => {
    it.each([
      ['with a forged proof', async () => one.forged(await one.request(one.message.body, now))],
      ['without any proof', async () => one.unsigned(await one.request(one.message.body, now))],
      ['with an empty body', async () => ({ ...one.unsigned(await one.request('', now)), body: Buffer.alloc(0) })],
      [
        'of 1 MiB of noise',
        async () => ({ ...one.unsigned(await one.request('', now)), body: Buffer.alloc(1_048_576, 'x') }),
      ],
    ])('a request %s is refused, and nothing of it is kept', async (_, make) => {
      const received = await receive(await make());
      expect(received).toMatchObject({ kind: 'refused', answer: { status: refusal } });
      expect(JSON.stringify(received.answer)).not.toMatch(/at .*\.ts|Error:|secret/i);
    });

    if (one.isDated)
      it.each([
        ['too old', -6 * minute],
        ['from the future', 6 * minute],
      ])('a request that is %s is refused', async (_, ms) => {
        const received = await receive(await one.request(one.message.body, new Date(now.getTime() + ms)));
        expect(received).toMatchObject({ kind: 'refused', code: 'stale' });
      });
  });

  describe('a genuine request', () => {
    it('a genuine request that is cut off is kept for an operator, and not sent again', async () => {
      const received = await receive(await one.request(one.message.body.slice(0, -5), now));
      expect(received.kind).toBe('unreadable');
      expect(received.answer.status).toBeLessThan(300);
    });

    it.each(['null', '[]', '"x"', '7', '{}', '{"event":null}', '{"type":{}}'])(
      'a genuine request that holds %s is no event, and no error of Carillon',
      async (body) => {
        const received = await receive(await one.request(body, now));
        expect(eventsOf(received)).toEqual([]);
        expect(received.answer.status).toBeLessThan(500);
      },
    );

    it('a genuine request of an unknown type is answered, and nothing of it is kept', async () => {
      const received = await receive(await one.request(one.unknown, now));
      expect(received.answer.status).toBeLessThan(300);
      expect(eventsOf(received)).toEqual([]);
      expect(received.kind).not.toBe('unreadable');
    });

    it('a request with another content type than JSON is refused', async () => {
      const request = await one.request(one.message.body, now);
      const received = await receive({ ...request, headers: { ...request.headers, 'content-type': 'text/html' } });
      expect(received).toMatchObject({ kind: 'refused', answer: { status: 415 } });
    });
  });

  it('when an event cannot be stored, the platform is told to send it again', () => {
    expect(inbound.unavailable.status).toBeGreaterThanOrEqual(500);
  });
}
