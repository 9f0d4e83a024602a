import { SendFailure, type SendFailureDetails } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';

/** A copy of the failure with another kind, affected object, wait or format flag. It keeps what the platform said. */
export function restated(
  failure: SendFailure,
  change: Pick<Partial<SendFailureDetails>, 'kind' | 'affects' | 'retryAfterMs' | 'isOfFormat'>,
): SendFailure {
  const { kind, affects, code, message, status, retryAfterMs, excerpt, isOfFormat, cause } = failure;
  return new SendFailure({
    kind,
    affects,
    code,
    message,
    cause,
    isOfFormat,
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(excerpt === undefined ? {} : { excerpt }),
    ...change,
  });
}

/**
 * Marks a permanent failure of a file post as one of format, so that the file is linked instead: the platform refused
 * the size or the type of this file, and a link may be accepted.
 */
export function asFileRefusal(error: unknown, { file }: Pick<Outgoing, 'file'>): unknown {
  const isOfFile =
    file !== undefined && error instanceof SendFailure && error.kind === 'permanent' && error.affects === 'message';
  return isOfFile ? restated(error, { isOfFormat: true }) : error;
}

/** Turns `ambiguous` into `transient` for a look-up. It changes nothing, so it can simply be made again. */
export function asLookUp(error: unknown): unknown {
  return error instanceof SendFailure && error.kind === 'ambiguous' ? restated(error, { kind: 'transient' }) : error;
}

/**
 * Restates the failure of an upload, which names no room. A refusal affects only the message and not the destination,
 * and a lost answer leaves nothing in doubt.
 */
export function asUploadRefusal(error: unknown): unknown {
  const isOfFile = error instanceof SendFailure && error.kind === 'permanent' && error.affects !== 'connection';
  return isOfFile ? restated(error, { affects: 'message', isOfFormat: true }) : asLookUp(error);
}
