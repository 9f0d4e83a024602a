import { StartError } from '../start-error.ts';

/** One way to come by the `temporal` program. */
export interface TemporalSource {
  /** As the final error names it. */
  readonly name: string;
  readonly limitMs: number;
  /**
   * Resolves to the program's path.
   * @throws Error saying why there is none this way.
   */
  find(signal: AbortSignal): Promise<string>;
}

/** No way led to a Temporal server; the text lists every way and why it did not. */
export class NoTemporalError extends StartError {
  override name = 'NoTemporalError';
}

/**
 * Tries the sources in their order and takes the first that works; one that takes too long is given up.
 * @throws NoTemporalError when none works.
 */
export async function temporalBinary(sources: readonly TemporalSource[], signal: AbortSignal): Promise<string> {
  const reasons = ['TEMPORAL_ADDRESS, for a server that runs already: not set'];
  for (const source of sources) {
    const limit = AbortSignal.timeout(source.limitMs);
    try {
      return await within(source, AbortSignal.any([signal, limit]));
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

/** Holds for sources that do not listen to their signal as well. */
async function within(source: TemporalSource, signal: AbortSignal): Promise<string> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([source.find(signal), over]);
}

function numbered(line: string, index: number): string {
  return index === 0 ? line : `  ${index}. ${line}`;
}
