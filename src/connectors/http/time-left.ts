/**
 * For several calls that share one time-out: from now on, what is left of it.
 * @returns the context for the next call, with at least 1 ms: none at all would mean no limit.
 */
export function timeLeft<C extends { readonly timeoutMs: number }>(context: C): () => C {
  const end = performance.now() + context.timeoutMs;
  return () => ({ ...context, timeoutMs: Math.max(1, Math.floor(end - performance.now())) });
}
