import { StartError } from '../start-error.ts';

/** One way to get the `temporal` program. */
export interface TemporalSource {
  /** The name of this way in the final error. */
  readonly name: string;
  readonly limitMs: number;
  /**
   * Resolves to the program's path.
   * @throws Error that says why this way failed.
   */
  find(signal: AbortSignal): Promise<string>;
}

/** Every way to get a Temporal server failed. The message lists each way and the reason. */
export class NoTemporalError extends StartError {
  override name = 'NoTemporalError';
}

/**
 * Tries the sources in order and returns the path from the first that works. A source that takes longer than its
 * `limitMs` has failed.
 * @throws NoTemporalError when none works.
 */
export async function temporalBinary(sources: readonly TemporalSource[], signal: AbortSignal): Promise<string> {
  const reasons = ['TEMPORAL_ADDRESS, for a server that runs already: not set'];
  for (const source of sources) {
    const limit = AbortSignal.timeout(source.limitMs);
    try {
      return await runSource(source, AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      const why = limit.aborted ? `not done within ${source.limitMs / 1_000} s` : (error as Error).message;
      reasons.push(`${source.name}: ${why}`);
    }
  }
  throw new NoTemporalError(
    ['no Temporal server could be had. Any one of these ways would do:', ...reasons].map(numbered).join('\n'),
  );
}

/** Enforces the limit even for a source that ignores its signal. */
async function runSource(source: TemporalSource, signal: AbortSignal): Promise<string> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([source.find(signal), over]);
}

function numbered(line: string, index: number): string {
  return index === 0 ? line : `  ${index}. ${line}`;
}
