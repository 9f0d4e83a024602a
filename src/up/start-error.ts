/** A start that cannot go on, for a reason told in words for the person who started it. Others show their stack. */
export class StartError extends Error {
  override name = 'StartError';
}
