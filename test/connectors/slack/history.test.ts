import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import type { Values } from '../../../src/connectors/contract/context.ts';
import type { History } from '../../../src/connectors/contract/inbound.ts';
import { slack } from '../../support/platforms/slack.ts';
import { roomsAt, type Rooms } from '../../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../../support/simulators.ts';

let bench: SimulatorBench;
let rooms: Rooms;
beforeEach(async () => {
  bench = await startSimulatorBench(['slack']);
  rooms = roomsAt(bench.url);
});
afterEach(() => bench.stop());

const act = (action: Parameters<Rooms['act']>[1]) => rooms.act('slack', { room: slack.room('ops'), ...action });

/** Reads the history of the last half hour. */
async function readHistory(timeoutMs = 5_000): Promise<History> {
  const connection = { id: 'slack', settings: slack.settings(bench.url) as Values };
  const signal = new AbortController().signal;
  const context = { http: bench.http, tokens: createAccessTokens(), now: new Date(), timeoutMs, signal };
  const since = new Date(Date.now() - 30 * 60_000);
  const history = await slack.connector.inbound?.history?.(slack.address('ops') as Values, since, connection, context);
  return history ?? { events: [], lacks: [] };
}

async function sayBeforeAndAfter() {
  const { id } = await act({ text: 'from before', minutesAgo: 90 });
  const { id: quiet } = await act({ text: 'nothing became of it', minutesAgo: 80 });
  await act({ do: 'edit', id: quiet, text: 'as it was edited before', minutesAgo: 70 });
  await act({ text: 'replied before', thread: id, minutesAgo: 60 });
  await act({ text: 'replied meanwhile', thread: id, user: 'ben', minutesAgo: 10 });
  await act({ do: 'edit', id, text: 'from before, edited meanwhile', minutesAgo: 9 });
  await act({ text: 'said meanwhile', minutesAgo: 8 });
  return id;
}
const shown = ({ events }: History) => events.map(({ kind, text }) => [kind, text]);

describe('the history of Slack for messages from before a gap', () => {
  it('replies to older messages and their edits are read, and the older messages themselves are not', async () => {
    const id = await sayBeforeAndAfter();
    const history = await readHistory();
    expect(shown(history)).toEqual([
      ['created', 'replied meanwhile'],
      ['edited', 'from before, edited meanwhile'],
      ['created', 'said meanwhile'],
    ]);
    expect(history.events[0]?.thread).toContain(id);
    expect(history.lacks).toHaveLength(1);
  });

  it("the history says that replies to older messages are missing if Slack's rate limit leaves no time", async () => {
    await sayBeforeAndAfter();
    const later = { match: 'inclusive=false', times: 0, status: 429, retryAfter: 60 };
    await bench.fault('slack', { path: 'conversations.history', ...later });
    const history = await readHistory();
    expect(shown(history)).toEqual([['created', 'said meanwhile']]);
    expect(history.lacks).toEqual([expect.any(String), expect.stringContaining('in time')]);
  });

  it.each([{ status: 503 }, { mode: 'timeout' as const }])(
    'the history is read again later if Slack fails while older messages are read (%j)',
    async (fault) => {
      await sayBeforeAndAfter();
      await bench.fault('slack', { path: 'conversations.history', match: 'inclusive=false', times: 0, ...fault });
      await expect(readHistory(1_500)).rejects.toMatchObject({ kind: 'transient' });
    },
  );
});
