import { validateHeaderName, validateHeaderValue } from 'node:http';
import { ControlError, controlBody } from './control-body.ts';

/**
 * What a scripted fault does with a request. "Commits" means: does what the simulator would do without the fault.
 * - `status`: answers with the status and commits nothing. `commit-then-status`: commits first.
 * - `timeout`: never answers and commits nothing. `commit-then-timeout`: commits first.
 * - `reset-before`: resets the connection and commits nothing. `reset-after`: commits first.
 * - `cut`: commits, and resets the connection in the middle of the answer's body.
 * - `delay`: waits, then serves the request as usual.
 * - `duplicate`: commits twice, like a platform that doubles a request on its own.
 */
export const faultModes = [
  'status',
  'delay',
  'timeout',
  'reset-before',
  'reset-after',
  'commit-then-status',
  'commit-then-timeout',
  'cut',
  'duplicate',
] as const;
export type FaultMode = (typeof faultModes)[number];

export interface FaultSpec {
  readonly mode: FaultMode;
  /** The fault strikes only requests whose path and query contain this text. */
  readonly path?: string;
  /** The fault strikes only requests whose body contains this text. */
  readonly match?: string;
  readonly status?: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Value of the Retry-After header of the answer: seconds, or an HTTP date. */
  readonly retryAfter?: number | string;
  /** How long the request waits before anything else happens, in any mode. */
  readonly delayMs?: number;
  /** How many requests the fault strikes. 0: every request until the fault is deleted. */
  readonly times: number;
  /** How long the fault is in force after it was added. Absent: without a time limit. */
  readonly forMs?: number;
}

export interface Fault extends FaultSpec {
  readonly id: number;
  readonly createdAt: string;
  readonly used: number;
  readonly active: boolean;
}

/** The faults in force at one simulator. The oldest fault that fits a request strikes it. */
export interface FaultScript {
  add(specs: readonly FaultSpec[]): Fault[];
  list(): Fault[];
  /** Deletes all faults. A delay that is running ends at once, and its request is served. */
  clear(): void;
  /** Aborts when the faults that are in force now are cleared. */
  readonly cleared: AbortSignal;
  /** Returns the fault that strikes this request, if any, and counts its use. `path` includes the query. */
  take(path: string, body: string): Fault | undefined;
}

/** @param now the current time in milliseconds since 1970. */
export function createFaultScript(now: () => number = Date.now): FaultScript {
  const faults: { id: number; createdAt: number; used: number; spec: FaultSpec }[] = [];
  let nextId = 1;
  let inForce = new AbortController();
  type Entry = (typeof faults)[number];
  const isActive = ({ spec, used, createdAt }: Entry): boolean =>
    (spec.times === 0 || used < spec.times) && (spec.forMs === undefined || now() < createdAt + spec.forMs);
  const show = (entry: Entry): Fault => ({
    id: entry.id,
    ...entry.spec,
    createdAt: new Date(entry.createdAt).toISOString(),
    used: entry.used,
    active: isActive(entry),
  });
  return {
    add(specs) {
      const added = specs.map((spec) => ({ id: nextId++, createdAt: now(), used: 0, spec }));
      faults.push(...added);
      return added.map(show);
    },
    list: () => faults.map(show),
    clear() {
      faults.length = 0;
      inForce.abort();
      inForce = new AbortController();
    },
    get cleared() {
      return inForce.signal;
    },
    take(path, body) {
      const entry = faults.find(
        (one) => isActive(one) && path.includes(one.spec.path ?? '') && body.includes(one.spec.match ?? ''),
      );
      if (entry === undefined) return undefined;
      entry.used += 1;
      return show(entry);
    },
  };
}

type Check = (value: unknown) => string | undefined;

const isText: Check = (value) => (typeof value === 'string' ? undefined : 'must be a text');
const wholeNumber =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}`;

const checks: Readonly<Record<keyof FaultSpec, Check>> = {
  mode: (value) =>
    (faultModes as readonly unknown[]).includes(value) ? undefined : `must be one of ${faultModes.join(', ')}`,
  path: isText,
  match: isText,
  status: wholeNumber(200, 599),
  body: (value) =>
    typeof value === 'string' || (typeof value === 'object' && value !== null)
      ? undefined
      : 'must be a text, or JSON to be sent as such',
  headers: checkHeaders,
  retryAfter: (value) =>
    typeof value === 'string' || (typeof value === 'number' && value >= 0)
      ? undefined
      : 'must be seconds, or an HTTP date as a text',
  delayMs: wholeNumber(0, 600_000),
  times: wholeNumber(0, 1_000_000),
  forMs: wholeNumber(1, 86_400_000),
};

/**
 * Reads one fault or a list of faults.
 * @throws ControlError naming the first field that is wrong.
 */
export function parseFaults(body: unknown): FaultSpec[] {
  return Array.isArray(body) ? body.map((one, index) => parseFault(one, `/${index}`)) : [parseFault(body, '')];
}

function parseFault(value: unknown, at: string): FaultSpec {
  const spec: Record<string, unknown> = { times: 1, ...controlBody(value) };
  spec['mode'] ??= spec['status'] === undefined && spec['delayMs'] !== undefined ? 'delay' : 'status';
  for (const [key, given] of Object.entries(spec)) {
    if (!Object.hasOwn(checks, key))
      throw new ControlError(`${at}/${key}`, `is not known; known are ${Object.keys(checks).join(', ')}`);
    const problem = checks[key as keyof FaultSpec](given);
    if (problem !== undefined) throw new ControlError(`${at}/${key}`, problem);
  }
  const mode = spec['mode'] as FaultMode;
  if (mode === 'delay' && spec['delayMs'] === undefined)
    throw new ControlError(`${at}/delayMs`, 'is required by mode delay');
  for (const key of ['status', 'body', 'headers', 'retryAfter'])
    if (spec[key] !== undefined && mode !== 'status' && mode !== 'commit-then-status')
      throw new ControlError(`${at}/${key}`, `means nothing with mode ${mode}, which keeps or gives no answer`);
  return spec as unknown as FaultSpec;
}

function checkHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of texts';
  for (const [name, text] of Object.entries(value)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, text as string);
    } catch {
      return `${name} is not a header that can be sent`;
    }
    if (typeof text !== 'string') return `${name} must be a text`;
  }
  return undefined;
}
