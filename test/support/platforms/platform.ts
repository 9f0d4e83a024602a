import type { Connector } from '../../../src/connectors/contract/connector.ts';
import type { Rooms } from '../rooms.ts';

export interface PlatformEvent {
  readonly method?: 'POST' | 'PUT';
  /** The path after the URL of the hook. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What a platform gives back of fifty actions after half an hour without an API. docs/bridging.md has the same table.
 */
export interface AfterAnOutage {
  /** How many of the events that the platform sent again were accepted. */
  readonly redelivered: number;
  /** How many events its history gave. */
  readonly read: number;
  /** How many posts arrived in the other room. */
  readonly arrived: number;
  readonly edits: string;
  readonly deletes: string;
  readonly reactions: string;
}

/** A simulated platform with everything that the shared tests need to know about it. */
export interface Platform {
  readonly connector: Connector;
  /** The length of a text that fits into one post, in characters. */
  readonly longest: number;
  readonly afterAnOutage: AfterAnOutage;
  /** Part of the path of a page of its history, and the answer with which it refuses to show a history. */
  readonly history: { readonly path: string; readonly refusal: { readonly status: number; readonly body: object } };
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
