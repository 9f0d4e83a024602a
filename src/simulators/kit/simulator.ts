import type { PersonAction, RoomMessage } from './rooms.ts';

/**
 * What a simulator of a platform is. It imports this file alone and decides by the platform's published rules; the kit
 * around it serves, records, breaks and keeps on disk, the same for all.
 */
export interface Simulator {
  /** The connector's name; everything is mounted under `/<name>/`. */
  readonly name: string;
  /** @param send sends events on their way that no change brings about. */
  start(send: (hooks: readonly Hook[]) => void): RunningSimulator;
}

export interface RunningSimulator<Event = unknown> {
  /** What a platform asks of others before it decides; an answer is a refusal. Called before `handle`. */
  ask?(request: SimulatedRequest): Promise<Answer | undefined>;
  /** Decides what to answer, and what to keep; changes nothing itself. */
  handle(request: SimulatedRequest): Outcome<Event>;
  /** Takes in what was decided. Also called at the start for each event read back from disk, in order. */
  commit(event: Event): void;
  /** What the platform holds, for `GET /_sim/<name>/accepted`. */
  accepted(): object;
  /** `POST /_sim/<name>/<key>` with a JSON body; the result is the answer. Throws ControlError on a bad body. */
  readonly controls?: Readonly<Record<string, (body: unknown) => object>>;
  /** The events that a change brings about, for whoever subscribed. Called once, right after `commit`, never at the start. */
  hooks?(event: Event): readonly Hook[];
  /** Decides what becomes of what a person does in a room. */
  act?(action: PersonAction, now: Date): Outcome<Event>;
  /** A room as its readers see it, oldest first. */
  room?(room: string): readonly RoomMessage[];
  /** The platform's own body beside a scripted status, where the script gives none. */
  faultBody?(status: number): object | undefined;
}

export interface SimulatedRequest {
  readonly method: string;
  /** Below the simulator's own folder, without the query: `/api/chat.postMessage`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they came. */
  readonly body: Buffer;
  readonly now: Date;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, bytes as they are. */
  readonly body?: string | Buffer | object;
}

export interface Outcome<Event = unknown> {
  readonly answer: Answer;
  /** Plain JSON. Absent where the request was refused. */
  readonly event?: Event;
}

/** One event for one subscriber. */
export interface Hook {
  readonly url: string;
  /** Made anew for each attempt: signatures hold the time, and headers may count. `attempt` from 0. */
  make(
    now: Date,
    attempt: number,
  ): {
    readonly method?: 'GET' | 'POST' | 'PUT';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Buffer;
  };
  /** Waits before each further attempt, in milliseconds; there are no more than these. */
  readonly schedule: readonly number[];
  /** Whether this platform sends again after an answer that is no 2xx; undefined is none in time. */
  isSentAgain(status: number | undefined): boolean;
  readonly timeoutMs: number;
  /** Those of one lane are sent one after the other, each when the one before it was taken or given up. */
  readonly lane?: string;
  /** What the platform does with the answer, such as checking a handshake. */
  onAnswer?(status: number, body: string): void;
}
