import type { PersonAction, RoomMessage } from './rooms.ts';

/**
 * The contract of a platform's simulator. A simulator decides by the platform's published rules and imports nothing but
 * this kit. The kit serves the requests, records them, applies faults and keeps events on disk in the same way for all
 * platforms.
 */
export interface Simulator {
  /** The connector's name. The platform's API is served under `/<name>/`. */
  readonly name: string;
  /** @param send sends hooks that no event of the simulator causes, such as those of an expiry. */
  start(send: (hooks: readonly Hook[]) => void): RunningSimulator;
}

export interface RunningSimulator<Event = unknown> {
  /**
   * Calls other servers before the platform decides, for example to validate a subscriber's address. Called before
   * `handle`. An answer is the platform's refusal of the request.
   */
  ask?(request: SimulatedRequest): Promise<Answer | undefined>;
  /** Decides what to answer and which event to keep. Must not change any state. */
  handle(request: SimulatedRequest): Decision<Event>;
  /** Applies an event. At the start it is also called for each event of the journal, in order. */
  commit(event: Event): void;
  /** What the platform holds, as `GET /_sim/<name>/accepted` shows it. */
  accepted(): object;
  /**
   * Controls of this platform: `POST /_sim/<name>/<key>` with a JSON body answers with the result. A control throws
   * ControlError when the body is wrong.
   */
  readonly controls?: Readonly<Record<string, (body: unknown) => object>>;
  /**
   * Returns the hooks that an event causes for its subscribers. Called once, right after `commit`, and not for the
   * events of the journal.
   */
  hooks?(event: Event): readonly Hook[];
  /** Decides what happens when a person acts in a room. `now` is the time of the act. */
  act?(action: PersonAction, now: Date): Decision<Event>;
  /** The messages of a room as a reader sees them, oldest first. */
  room?(room: string): readonly RoomMessage[];
  /** The platform's own error body for a scripted status; used when the fault gives no body. */
  faultBody?(status: number): object | undefined;
}

export interface SimulatedRequest {
  readonly method: string;
  /** The path below the simulator's own folder, without the query: `/api/chat.postMessage`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The names are in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they came. */
  readonly body: Buffer;
  readonly now: Date;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; text and bytes are sent unchanged. */
  readonly body?: string | Buffer | object;
}

export interface Decision<Event = unknown> {
  readonly answer: Answer;
  /** What to keep, as plain JSON. Absent when the request changes nothing. */
  readonly event?: Event;
}

/** One event for one subscriber, with the platform's rules for sending it again. */
export interface Hook {
  readonly url: string;
  /**
   * Makes the request of one attempt. Each attempt needs a new one, because signatures contain the time and headers may
   * count the attempts. `attempt` counts from 0.
   */
  make(
    now: Date,
    attempt: number,
  ): {
    readonly method?: 'GET' | 'POST' | 'PUT';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Buffer;
  };
  /**
   * The waits before the second and each further attempt, in milliseconds. There are no attempts after the last wait.
   */
  readonly schedule: readonly number[];
  /**
   * Whether this platform sends the event again after this status, which is not 2xx; undefined means that no answer
   * came in time.
   */
  isSentAgain(status: number | undefined): boolean;
  readonly timeoutMs: number;
  /** Hooks of one lane are sent one after the other: each starts when the one before was accepted or given up. */
  readonly lane?: string;
  /** Called with each answer, for what the platform does with it, such as checking a handshake. */
  onAnswer?(status: number, body: string): void;
}
