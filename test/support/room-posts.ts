import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import type { Platform } from './platforms/platform.ts';
import { roomsAt } from './rooms.ts';
import type { Stack } from './stack.ts';

/** A retry policy whose waits are short enough for a test. */
export const quickRetry = {
  initialInterval: '200ms',
  multiplier: 1,
  maxInterval: '1s',
  maxAttempts: 6,
  deadline: '5m',
};

export interface Room {
  /** Id of the room's destination. */
  readonly id: string;
  /** Reads the posts that are not deleted, oldest first. */
  read(): Promise<RoomMessage[]>;
}

export interface SplitDelivery {
  readonly id: string;
  readonly state: string;
  readonly doubled: boolean;
  readonly reason?: { readonly code: string; readonly message: string };
  readonly degraded?: readonly { readonly code: string; readonly message: string }[];
  readonly parts?: { readonly total: number; readonly arrived: number };
}

/** Rooms of platforms, and deliveries to them that go out as several posts. */
export function roomPosts(stack: Stack) {
  const rooms = roomsAt(stack.simulators);
  return {
    async connect(platforms: readonly Platform[]): Promise<void> {
      for (const { connector, settings } of platforms)
        await stack.must('PUT', `/v1/connections/${connector.name}`, {
          connector: connector.name,
          settings: settings(stack.simulators),
        });
    },
    async room(platform: Platform, room: string, options: object = {}): Promise<Room> {
      const id = `${platform.connector.name}-${room}`;
      const destination = { connection: platform.connector.name, address: platform.address(room) };
      await stack.must('PUT', `/v1/destinations/${id}`, { ...destination, retry: quickRetry, ...options });
      const read = async (): Promise<RoomMessage[]> =>
        (await rooms.read(platform.connector.name, platform.room(room))).filter(({ deleted }) => !deleted);
      return { id, read };
    },
    /** Waits until the delivery is at rest, and returns it. */
    async delivery(message: string, destination?: string): Promise<SplitDelivery> {
      const { deliveries } = await stack.rest(message, 60_000);
      const found = deliveries.find((one) => destination === undefined || one.destination === destination);
      if (found === undefined) throw new Error(`${message} has no delivery to ${destination}`);
      return found as unknown as SplitDelivery;
    },
    /** Returns for each attempt the part that it sent and its outcome. */
    async attempts(delivery: string): Promise<[part: number, outcome: string][]> {
      const { data } = (await stack.must('GET', `/v1/deliveries/${delivery}/attempts`)) as {
        data: { part: number; outcome: string }[];
      };
      return data.map(({ part, outcome }) => [part, outcome]);
    },
  };
}
