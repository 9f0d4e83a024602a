import pino, { type Logger } from 'pino';
import type { Config } from '../config.ts';

/** JSON lines to standard output. Ids only: no content, no secret, no address of a person goes to a log. */
export function createLogger(config: Config, role: string): Logger {
  return pino({
    level: config.logLevel,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', 'headers.authorization'],
  });
}
