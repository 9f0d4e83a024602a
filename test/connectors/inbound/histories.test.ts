import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { Values } from '../../../src/connectors/contract/context.ts';
import { historySuite } from '../../suites/history-suite.ts';
import { refusal as refusedByGoogle } from '../../support/google-chat.ts';
import { refusal as refusedByMatrix } from '../../support/matrix.ts';
import { refusal as refusedByTeams } from '../../support/msteams.ts';
import { googleChat } from '../../support/platforms/google-chat.ts';
import { matrix } from '../../support/platforms/matrix.ts';
import { msteams } from '../../support/platforms/msteams.ts';
import type { Platform } from '../../support/platforms/platform.ts';
import { slack } from '../../support/platforms/slack.ts';
import { webex } from '../../support/platforms/webex.ts';
import { zoom } from '../../support/platforms/zoom.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench } from '../../support/simulators.ts';
import { refusal as refusedByZoom } from '../../support/zoom.ts';

describe('the history of Slack', () =>
  historySuite(slack, 'conversations.history', { status: 200, body: { ok: false, error: 'not_in_channel' } }));
describe('the history of Teams', () => historySuite(msteams, '/delta', refusedByTeams(403, 'Forbidden')));
describe('the history of Webex', () =>
  historySuite(webex, '/v1/messages', { status: 404, body: { message: 'no', errors: [], trackingId: 'SIM' } }));
describe('the history of Google Chat', () =>
  historySuite(googleChat, '/spaceEvents', refusedByGoogle(403, 'PERMISSION_DENIED')));
describe('the history of Zoom', () => historySuite(zoom, '/messages', refusedByZoom(4130, 404)));
describe('the history of Matrix', () => historySuite(matrix, '/messages', refusedByMatrix(404, 'M_NOT_FOUND')));

/** Reads a room with one message, with changed settings, and returns what the history lacks. */
async function lacksOf(platform: Platform, more: object, address: object = {}): Promise<readonly string[]> {
  const { name, inbound } = platform.connector;
  const bench = await startSimulatorBench([name]);
  try {
    await roomsAt(bench.url).act(name, { room: platform.room('ops'), text: 'said' });
    const settings = { ...platform.settings(bench.url), ...more } as Values;
    const context = { http: bench.http, tokens: createAccessTokens(), now: new Date(), timeoutMs: 5_000 };
    const { events, lacks } = (await inbound?.history?.(
      { ...platform.address('ops'), ...address } as Values,
      new Date(Date.now() - 60_000),
      { id: name, settings },
      { ...context, signal: new AbortController().signal },
    )) ?? { events: [], lacks: [] };
    expect(events).toEqual([]);
    return lacks;
  } finally {
    await bench.stop();
  }
}

it.each([
  ['Google Chat without a person to read as', googleChat, { historyUser: undefined }, {}, /historyUser/],
  ['Teams without Microsoft Graph', msteams, { graphTenant: undefined }, {}, /graphTenant/],
  ['a channel of Teams without its team', msteams, {}, { team: undefined }, /`team`/],
  ['Webex as a bot that nobody mentioned', webex, { botToken: 'bot-x' }, {}, /what mentions it/],
])('%s gives no history, and the result says why', async (_, platform, more, address, why) => {
  expect((await lacksOf(platform, more, address)).join(' ')).toMatch(why);
});
