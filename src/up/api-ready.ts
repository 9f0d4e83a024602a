const parts = ['accept', 'delivery', 'postgres', 'temporal'] as const;

/** One look may take this long; an API that is slower than this is not ready. */
const answerMs = 2_000;

/** Whether `/readyz` of the API shows every part as ok: true, or what is missing. */
export async function apiReady(url: string): Promise<true | string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) });
    const states = (await response.json()) as Partial<Record<(typeof parts)[number], string>>;
    const missing = parts.filter((part) => states[part] !== 'ok');
    return missing.length === 0 || missing.map((part) => `${part} is ${states[part] ?? 'unknown'}`).join(', ');
  } catch (error) {
    // Refused, reset, too slow, or no JSON yet.
    return `${url}/readyz: ${(error as Error).message}`;
  }
}
