/** Which files are passed on. Other files are linked. */
export interface FileLimits {
  /** The largest file in bytes; 0 means that no file is passed on. */
  readonly maxBytes: number;
  /** Media types in lower case, such as `image/png`. A star stands for any type, or for any subtype of a type. */
  readonly types: readonly string[];
  /** These take precedence over `types`. */
  readonly refusedTypes: readonly string[];
}

/** Whether files of this type are passed on. */
export function isTypeTaken(mediaType: string, { types, refusedTypes }: Omit<FileLimits, 'maxBytes'>): boolean {
  const [kind] = mediaType.split('/');
  const fits = (one: string): boolean => one === '*/*' || one === mediaType || one === `${kind}/*`;
  return types.some(fits) && !refusedTypes.some(fits);
}
