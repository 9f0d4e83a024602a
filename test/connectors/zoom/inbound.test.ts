import { createHmac } from 'node:crypto';
import { hmac } from '../../../src/connectors/inbound/verify.ts';
import { zoom } from '../../../src/connectors/zoom/index.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';
import {
  channel_id,
  envelope,
  message,
  posted,
  receive,
  request,
  secret,
  settings,
} from '../../support/zoom-events.ts';

describe('requests of Zoom', () => {
  inboundSuite({
    connector: zoom,
    settings,
    request,
    message: { body: envelope(posted, message), text: 'a **bold** word' },
    unknown: envelope('team_chat.channel_archived', { id: channel_id }),
    forged: (one) => ({ ...one, body: Buffer.from(one.body.toString().replace('bold', 'bald')) }),
    unsigned: (one) => ({ ...one, headers: { ...one.headers, 'x-zm-signature': undefined } }),
    refusal: 401,
    isDated: true,
  });

  it('the signature of a request matches a precomputed one', () => {
    expect(`v0=${hmac('sha256', secret, 'hex', 'v0:1700000000:', '{"event":"x"}')}`).toBe(
      'v0=8733b73d26b6bb71410a1045987cf9b69bf17700cd32e488743565c625f25d3c',
    );
  });

  it('a request is verified by its raw bytes, however its JSON is written', async () => {
    const received = await receive(` {"event" :"x", "event":"y","é":"\\u00e9"}\n`);
    expect(received).toMatchObject({ kind: 'events', events: [{ ignored: 'unsupported_event' }] });
  });

  it('events that cannot be stored are answered with 503, the only status after which Zoom sends them again', () => {
    expect(zoom.inbound?.unavailable).toEqual({ status: 503 });
  });
});

describe('the check of the hook by Zoom', () => {
  const check = (payload: object) => JSON.stringify({ event: 'endpoint.url_validation', event_ts: 1, payload });

  it('the check is answered with the token and its MAC', async () => {
    const plainToken = 'qgg8vlvZRS6UYooatFL8Aw';
    const encryptedToken = '9c8ad56737c19db2904b301c0781e86857e999f39f07727668cf62a5e7e298c8';
    expect(await receive(check({ plainToken }))).toEqual({
      kind: 'answered',
      answer: { status: 200, body: { plainToken, encryptedToken } },
    });
  });

  it('the check is answered with the secret that signed it, while secrets are being replaced', async () => {
    const encryptedToken = createHmac('sha256', 'an-old-one').update('abc').digest('hex');
    expect(await receive(check({ plainToken: 'abc' }), 'an-old-one')).toMatchObject({
      answer: { body: { plainToken: 'abc', encryptedToken } },
    });
  });

  it.each([[{}], [{ plainToken: 7 }], [{ plainToken: 'x'.repeat(2_000) }]])(
    'a check without a usable token is unreadable: %#',
    async (payload) => {
      expect(await receive(check(payload))).toMatchObject({ kind: 'unreadable', answer: { status: 200 } });
    },
  );

  it('a check by a stranger is refused, and nothing is signed for it', async () => {
    const received = await receive(check({ plainToken: 'abc' }), 'guessed');
    expect(received).toMatchObject({ kind: 'refused', code: 'bad_signature', answer: { status: 401 } });
  });
});
