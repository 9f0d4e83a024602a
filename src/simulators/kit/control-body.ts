/** A control request that cannot be used; answered with 422. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly path: string;

  /** @param path JSON Pointer into the body. */
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** @throws ControlError where a control's body is not a JSON object. */
export function controlBody(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ControlError('', 'must be a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
