const parts = ['accept', 'delivery', 'postgres', 'temporal'] as const;

/** An API that takes longer than this to answer is not ready. */
const answerMs = 2_000;

/**
 * Asks `/readyz` of the API whether every part is ok.
 * @returns true, or the parts that are not.
 */
export async function apiReady(url: string): Promise<true | string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) });
    const states = (await response.json()) as Partial<Record<(typeof parts)[number], string>>;
    const missing = parts.filter((part) => states[part] !== 'ok');
    return missing.length === 0 || missing.map((part) => `${part} is ${states[part] ?? 'unknown'}`).join(', ');
  } catch (error) {
    // The connection was refused or reset, took too long, or brought no JSON yet.
    return `${url}/readyz: ${(error as Error).message}`;
  }
}
