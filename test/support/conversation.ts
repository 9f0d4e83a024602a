import { eventually } from './eventually.ts';
import type { Shown } from './client.ts';
import type { Stack } from './stack.ts';

interface SlackPost {
  readonly ts: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly deleted?: true;
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly text: string;
  readonly refersTo?: string;
  readonly thread?: string;
}

/** Posts, edits and deletes through the API, and what users of the simulated platforms see of them. */
export function conversationAt(stack: Stack) {
  const simulated = async (path: string) => (await fetch(`${stack.simulators}/_sim/${path}`)).json();
  const inSlack = async (channel: string): Promise<SlackPost[]> =>
    ((await simulated('slack/accepted')) as { channels: Record<string, SlackPost[]> }).channels[channel] ?? [];
  const stateOf = async (id: string) => (await stack.message(id)).deliveries[0]?.state;
  return {
    post: (text: string, destination: string, more: object = {}) =>
      stack.post({ text, destinations: [destination], ...more }),
    edit: (id: string, text: string) => stack.must('PATCH', `/v1/messages/${id}`, { text }),
    remove: (id: string) => stack.must('DELETE', `/v1/messages/${id}`),
    shown: (id: string) => stack.must('GET', `/v1/messages/${id}`),
    /** Everything that was posted to a channel, including deleted posts. */
    inSlack,
    /** The texts that users see in a channel. */
    texts: async (channel: string) =>
      (await inSlack(channel)).filter(({ deleted }) => deleted !== true).map(({ text }) => text),
    /** What a webhook accepted, in the order in which each request first came. */
    async told(name: string): Promise<Told[]> {
      const { accepted } = (await simulated('webhook/accepted')) as { accepted: { path: string; body: string }[] };
      return accepted.filter(({ path }) => path === `/${name}`).map(({ body }) => JSON.parse(body) as Told);
    },
    /** State of a message with one delivery. */
    stateOf,
    until: (id: string, state: string) => eventually(`${id} is ${state}`, async () => (await stateOf(id)) === state),
    /** Waits until the one delivery of a message is at rest, and returns it. */
    rested: async (id: string): Promise<(Shown & { degraded?: unknown }) | undefined> =>
      (await stack.rest(id, 30_000)).deliveries[0],
  };
}
