/**
 * For several calls that share one time-out. Returns a function that gives the context of the next call with what is
 * left of `timeoutMs`, and at least 1 ms, because 0 would mean no limit.
 */
export function timeLeft<C extends { readonly timeoutMs: number }>(context: C): () => C {
  const end = performance.now() + context.timeoutMs;
  return () => ({ ...context, timeoutMs: Math.max(1, Math.floor(end - performance.now())) });
}
