/** Which files are handed on; others are linked. */
export interface FileLimits {
  /** 0: none. */
  readonly maxBytes: number;
  /** Media types in lower case, such as `image/png`; a star stands for any kind, or any type of a kind. */
  readonly types: readonly string[];
  /** Stand above `types`. */
  readonly refusedTypes: readonly string[];
}

/** Whether files of this type are handed on. */
export function isTypeTaken(mediaType: string, { types, refusedTypes }: Omit<FileLimits, 'maxBytes'>): boolean {
  const [kind] = mediaType.split('/');
  const fits = (one: string): boolean => one === '*/*' || one === mediaType || one === `${kind}/*`;
  return types.some(fits) && !refusedTypes.some(fits);
}
