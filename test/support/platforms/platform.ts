import type { Connector } from '../../../src/connectors/contract/connector.ts';
import type { Rooms } from '../rooms.ts';

export interface PlatformEvent {
  readonly method?: 'POST' | 'PUT';
  /** The path after the URL of the hook. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A simulated platform with what tests of bridges need. */
export interface Platform {
  readonly connector: Connector;
  /** Settings of a connection to the simulator at this URL, such as `http://127.0.0.1:8090`. */
  settings(simulators: string): object;
  /** The address of a room. One name means a different room on each platform. */
  address(room: string): object;
  /** The id of that room for `Rooms`. */
  room(room: string): string;
  /** Makes the simulator send its events to this hook. */
  subscribe(rooms: Rooms, hook: string): Promise<void>;
  /** A genuine request of the platform about the n-th message of a room, as the platform would send it at this time. */
  event(room: string, n: number, now: Date): PlatformEvent | Promise<PlatformEvent>;
  /**
   * For an `event` that is signed with a published key: the document with the key, and the setting with its address.
   */
  readonly published?: { readonly setting: string; readonly document: () => object };
}
