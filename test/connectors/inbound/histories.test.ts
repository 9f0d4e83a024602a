import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { Values } from '../../../src/connectors/contract/context.ts';
import { historySuite } from '../../suites/history-suite.ts';
import { platforms } from '../../support/platforms/index.ts';
import { googleChat } from '../../support/platforms/google-chat.ts';
import { msteams } from '../../support/platforms/msteams.ts';
import type { Platform } from '../../support/platforms/platform.ts';
import { webex } from '../../support/platforms/webex.ts';
import { roomsAt } from '../../support/rooms.ts';
import { startSimulatorBench } from '../../support/simulators.ts';

describe.each(platforms.map((platform) => [platform.connector.title, platform] as const))(
  'the history of %s',
  (_, platform) => historySuite(platform),
);

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
