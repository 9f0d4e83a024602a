import { createHmac } from 'node:crypto';
import type { HookRequest } from '../../../src/connectors/contract/inbound.ts';
import { hmac } from '../../../src/connectors/inbound/verify.ts';
import { slack } from '../../../src/connectors/slack/index.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';

const secret = 'test-signing-secret';

/** Signed as Slack's page says, without the code under test. */
function request(body: string, now: Date): HookRequest {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const headers = {
    'content-type': 'application/json',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signature,
  };
  return { method: 'POST', path: '', query: new URLSearchParams(), headers, body: Buffer.from(body) };
}

const envelope = (event: object, more: object = {}): string =>
  JSON.stringify({ type: 'event_callback', team_id: 'T1', api_app_id: 'A1', event_id: 'Ev1', event, ...more });
const message = { type: 'message', channel: 'C0OPS', user: 'U1', ts: '1700000000.000100', text: 'a *bold* <@U2>' };
const settings = { botToken: 'xoxb-1', signingSecrets: ['an-old-one', secret] };
const read = async (body: string) => {
  const received = await slack.inbound?.receive(
    request(body, new Date()),
    { id: 'acme', settings },
    { now: new Date(), keys: { find: async () => undefined } },
  );
  return received?.kind === 'events' ? received.events[0] : received;
};

describe('requests of Slack', () => {
  inboundSuite({
    connector: slack,
    settings,
    request,
    message: { body: envelope(message), text: 'a **bold** [@U2](mention:under-test/U2)' },
    unknown: envelope({ type: 'channel_rename' }),
    forged: (one) => ({ ...one, body: Buffer.from(one.body.toString().replace('bold', 'bald')) }),
    unsigned: ({ headers: { 'x-slack-signature': _proof, ...headers }, ...one }) => ({ ...one, headers }),
    refusal: 401,
    isDated: true,
  });

  it('the signature of a request matches a precomputed one', () => {
    const body = '{"type":"event_callback","event_id":"Ev1"}';
    expect(`v0=${hmac('sha256', secret, 'hex', `v0:1700000000:${body}`)}`).toBe(
      'v0=877184e0b7a3017c220695006e6c0fa95ccd1f295596a2dc0111609d558cf386',
    );
  });

  it("the challenge of Slack's handshake is returned", async () => {
    expect(await read('{"type":"url_verification","challenge":"abc"}')).toMatchObject({
      kind: 'answered',
      answer: { status: 200, body: { challenge: 'abc' } },
    });
  });

  it.each([
    ['our own post', { ...message, bot_id: 'B1', app_id: 'A1' }, 'own_post'],
    [
      "another Carillon's copy",
      { ...message, bot_id: 'B2', metadata: { event_type: 'carillon_delivery' } },
      'own_post',
    ],
    ["a bot's post", { ...message, bot_id: 'B2' }, 'bot_post'],
    ['a join', { ...message, subtype: 'channel_join' }, 'unsupported_event'],
    ['an unfurled link', { type: 'message', channel: 'C1', subtype: 'message_changed', message }, 'no_edit'],
  ])('an event of Slack that is %s is ignored', async (_, event, code) => {
    expect(await read(envelope(event))).toEqual({ ignored: code });
  });

  it('a mention and the message that contains it give the same event', async () => {
    const mention = { ...message, type: 'app_mention' };
    const [one, two] = [await read(envelope(message)), await read(envelope(mention, { event_id: 'Ev2' }))];
    expect(two).toEqual(one);
  });
});
