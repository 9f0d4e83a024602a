import type { PersonAction, RoomMessage } from '../../src/simulators/kit/rooms.ts';

/** What people do and see in the simulated rooms. */
export interface Rooms {
  /**
   * Lets a person act.
   * @returns the platform's answer, with the `id` of the message.
   */
  act(
    connector: string,
    action: Partial<PersonAction> & { text?: string; minutesAgo?: number },
  ): Promise<{ id: string }>;
  /** Returns the messages of a room, oldest first. */
  read(connector: string, room: string): Promise<RoomMessage[]>;
  /** Sets how a platform sends its events: holds them back, doubles them, or shortens the waits between attempts. */
  outbox(connector: string, settings: object): Promise<void>;
  hooks(connector: string): Promise<{ url: string; body: string; attempts: (number | null)[]; state: string }[]>;
  control(connector: string, name: string, body: unknown): Promise<void>;
}

/** @param url address of the simulators, without a slash at the end. */
export function roomsAt(url: string): Rooms {
  async function post<T>(path: string, body: unknown): Promise<T> {
    const answer = await fetch(`${url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text === '' ? '{}' : text) as T;
  }
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url}/_sim/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    act: (connector, action) => post(`${connector}/act`, { do: 'say', user: 'ann', ...action }),
    read: async (connector, room) =>
      (await get<{ messages: RoomMessage[] }>(`${connector}/room?room=${encodeURIComponent(room)}`)).messages,
    outbox: async (connector, settings) => void (await post(`${connector}/outbox`, settings)),
    hooks: async (connector) => (await get<{ hooks: never[] }>(`${connector}/outbox`)).hooks,
    control: async (connector, name, body) => void (await post(`${connector}/${name}`, body)),
  };
}
