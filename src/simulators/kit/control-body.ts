/** The body of a control request is unusable. The server answers with 422 and names the field. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly path: string;

  /** @param path JSON Pointer to the wrong field of the body; empty for the body itself. */
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * Returns the body of a control request as an object.
 * @throws ControlError when the body is not a JSON object.
 */
export function controlBody(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ControlError('', 'must be a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
