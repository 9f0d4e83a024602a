import { SendFailure, type SendFailureDetails } from '../../domain/failure.ts';
import type { Outgoing } from '../contract/connector.ts';

/** The same failure with another kind, reach or wait; what the platform said stays. */
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

/** What a platform refuses of a file, be it its size or its kind, it refuses of the file alone: a link to it may pass. */
export function asFileRefusal(error: unknown, { file }: Pick<Outgoing, 'file'>): unknown {
  const isOfFile =
    file !== undefined && error instanceof SendFailure && error.kind === 'permanent' && error.affects === 'message';
  return isOfFile ? restated(error, { isOfFormat: true }) : error;
}

/** A look-up changes nothing, so losing its answer leaves nothing in doubt: it can be asked again. */
export function asLookUp(error: unknown): unknown {
  return error instanceof SendFailure && error.kind === 'ambiguous' ? restated(error, { kind: 'transient' }) : error;
}

/** An upload, which names no room: its refusal speaks of the file, not of the room, and losing its answer leaves no doubt. */
export function asUploadRefusal(error: unknown): unknown {
  const isOfFile = error instanceof SendFailure && error.kind === 'permanent' && error.affects !== 'connection';
  return isOfFile ? restated(error, { affects: 'message', isOfFormat: true }) : asLookUp(error);
}
