import type { Logger } from 'pino';
import { safeText } from './safe-text.ts';

/** A line of Temporal's SDK, which the SDK itself, its native core, an activity or a workflow has logged. */
export interface SdkLine {
  readonly level: string;
  readonly message: string;
  readonly meta?: Record<string, unknown> | undefined;
}

/** Writes a line of the SDK to our log, with its fields under `sdk`. */
export function logSdkLine(log: Logger, { level, message, meta = {} }: SdkLine): void {
  log[level === 'ERROR' ? 'error' : 'warn'](
    { sdk: meta['sdkComponent'] === 'core' ? coreFields(meta) : meta },
    message,
  );
}

/** The native core formats errors and requests into texts, so each text but an id is cleaned. */
function coreFields(meta: Record<string, unknown>): Record<string, unknown> {
  const { spanContexts: _spanContexts, ...fields } = meta;
  for (const [key, value] of Object.entries(fields))
    if (typeof value === 'string' && !/id$/i.test(key)) fields[key] = safeText(value);
  return fields;
}
