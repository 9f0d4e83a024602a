import type { Connector } from '../../../src/connectors/contract/connector.ts';
import type { Rooms } from '../rooms.ts';

export interface PlatformEvent {
  readonly method?: 'POST' | 'PUT';
  /** Behind the hook's URL. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A simulated platform as the tests of bridges want it. */
export interface Platform {
  readonly connector: Connector;
  /** Settings of a connection to the simulator at this URL, such as `http://127.0.0.1:8090`. */
  settings(simulators: string): object;
  /** The address of a room; the same name is another room on each platform. */
  address(room: string): object;
  /** The name of that room in `Rooms`. */
  room(room: string): string;
  /** Has the simulator send its events to this hook. */
  subscribe(rooms: Rooms, hook: string): Promise<void>;
  /** A genuine request of the platform about the n-th message of a room, as it would come at that moment. */
  event(room: string, n: number, now: Date): PlatformEvent | Promise<PlatformEvent>;
  /** Where `event` is signed with a key that the platform publishes: that document, and the setting that says where it is. */
  readonly published?: { readonly setting: string; readonly document: () => object };
}
