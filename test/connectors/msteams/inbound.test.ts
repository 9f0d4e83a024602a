import { createHmac } from 'node:crypto';
import { hmac } from '../../../src/connectors/inbound/verify.ts';
import { msteams } from '../../../src/connectors/msteams/index.ts';
import { createSigningKeys, SigningKeysUnavailable } from '../../../src/connectors/inbound/signing-keys.ts';
import type { SigningKeys } from '../../../src/connectors/contract/signing-keys.ts';
import { inboundSuite } from '../../suites/inbound-suite.ts';
import {
  activity,
  jwk,
  keys,
  now,
  publishing,
  read,
  receive,
  request,
  settings,
  stranger,
  token,
  webhookToken,
  type TokenParts,
} from '../../support/msteams-activity.ts';
import { startSimulatorBench } from '../../support/simulators.ts';

describe('requests of the Bot Framework', () => {
  inboundSuite({
    connector: msteams,
    settings,
    keys,
    request: (body, at) => request(body, `Bearer ${token(at)}`),
    message: { body: JSON.stringify(activity), text: 'a **bold** [@Ben](mention:under-test/29%3Aben)' },
    unknown: JSON.stringify({ ...activity, type: 'conversationUpdate', membersAdded: [] }),
    forged: (one) => ({
      ...one,
      headers: { ...one.headers, authorization: `Bearer ${token(now, { key: stranger })}` },
    }),
    unsigned: (one) => ({ ...one, headers: { 'content-type': 'application/json' } }),
    refusal: 401,
    isDated: true,
  });

  describe('a request with a wrong token', () => {
    const wrong: [string, TokenParts][] = [
      ['is of another issuer', { claims: { iss: 'https://evil.example' } }],
      ['is meant for another bot', { claims: { aud: 'another-app' } }],
      ['has no end', { claims: { exp: undefined } }],
      ['names a key that nobody published', { header: { kid: 'k2' } }],
      ['names no key', { header: { kid: undefined } }],
      ['is of another service URL', { claims: { serviceurl: 'https://evil.example/' } }],
      ['names no service URL', { claims: { serviceurl: undefined } }],
      ['is signed by nobody', { header: { alg: 'none' } }],
      ['is of another algorithm', { header: { alg: 'HS256' } }],
    ];
    it.each(wrong)('a request is refused if its token %s', async (_, parts) => {
      const received = await receive(request(JSON.stringify(activity), `Bearer ${token(now, parts)}`));
      expect(received).toMatchObject({ kind: 'refused', code: 'bad_signature', answer: { status: 401 } });
    });

    it('a request is refused if its token is signed with a key that is not endorsed for Teams', async () => {
      const hook = request(JSON.stringify(activity), `Bearer ${token(now)}`);
      for (const published of [
        { ...jwk, endorsements: ['webchat'] },
        { ...jwk, endorsements: undefined },
      ])
        expect(await receive(hook, publishing(published))).toMatchObject({ kind: 'refused', code: 'bad_signature' });
    });

    it.each(['Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'HMAC', 'HMAC x'])(
      'a request is refused if its authorization is "%s"',
      async (header) => {
        expect(await receive(request(JSON.stringify(activity), header))).toMatchObject({ kind: 'refused' });
      },
    );
  });

  it('a request is accepted within five minutes of the times of its token, and refused later', async () => {
    const at = (seconds: number) => token(new Date(now.getTime() + seconds * 1_000));
    for (const seconds of [-290, 290])
      expect(await receive(request(JSON.stringify(activity), `Bearer ${at(seconds)}`))).toMatchObject({
        kind: 'events',
      });
    for (const seconds of [-310, 310])
      expect(await receive(request(JSON.stringify(activity), `Bearer ${at(seconds)}`))).toMatchObject({
        code: 'stale',
      });
  });

  it('a request whose keys cannot be fetched is answered with 503, so that it is sent again', async () => {
    const none: SigningKeys = { find: () => Promise.reject(new SigningKeysUnavailable('down')) };
    const received = await receive(request(JSON.stringify(activity), `Bearer ${token(now)}`), none);
    expect(received).toMatchObject({ kind: 'refused', code: 'keys_unavailable', answer: { status: 503 } });
  });

  it('the keys of the Bot Framework are read from its discovery document', async () => {
    const bench = await startSimulatorBench(['msteams']);
    const openIdUrl = `${bench.url}/msteams/openid/openidconfiguration`;
    const found = await createSigningKeys(bench.http).find({ url: openIdUrl, form: 'openid' }, 'simulated-1');
    expect(found?.jwk['endorsements']).toEqual(['msteams']);
    await bench.stop();
  });
});

describe('an outgoing webhook of Teams', () => {
  it('an outgoing webhook is verified with the decoded bytes of its token', async () => {
    const body = '{"text":"hi"}';
    const mac = 'NkCMMk3c2Z97wQnNQRGS7eFUvcEhU7jjs204z8HgXnA=';
    expect(hmac('sha256', Buffer.from(webhookToken, 'base64'), 'base64', body)).toBe(mac);
    expect(await receive(request(body, `HMAC ${mac}`))).toMatchObject({ kind: 'events' });
    expect(await receive(request(`${body} `, `HMAC ${mac}`))).toMatchObject({ kind: 'refused', code: 'bad_signature' });
  });

  it("an outgoing webhook is answered with a message and gives the same event as the bot's activity", async () => {
    const body = JSON.stringify(activity);
    const mac = createHmac('sha256', Buffer.from(webhookToken, 'base64')).update(body).digest('base64');
    const received = await receive(request(body, `HMAC ${mac}`));
    expect(received).toMatchObject({ answer: { status: 200, body: { type: 'message', text: expect.any(String) } } });
    expect(received?.kind === 'events' && received.events[0]).toEqual(await read(activity));
  });
});
