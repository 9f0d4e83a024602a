import { Type, type Static } from 'typebox';
import type { Rate } from '../../domain/gate.ts';
import { formatDuration } from '../../domain/retry-input.ts';
import { durationPattern, parseDuration } from '../../domain/retry.ts';
import type { InputError } from '../errors.ts';

export const rateSchema = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 100_000 }),
    per: Type.String({ pattern: durationPattern, description: '1ms to 1d.' }),
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        default: 1,
        description: 'How many may go at once after a quiet time. 1 spaces them evenly.',
      }),
    ),
  },
  { additionalProperties: false, description: 'At most `limit` deliveries in each `per`.' },
);
type RateInput = Static<typeof rateSchema>;

const dayMs = 86_400_000;

/** Checks the range of `per`, which its pattern does not express. */
export function findRateErrors(rate: RateInput | undefined): InputError[] {
  const perMs = rate === undefined ? 1 : (parseDuration(rate.per) ?? 0);
  if (perMs >= 1 && perMs <= dayMs) return [];
  return [{ path: '/rate/per', code: 'invalid_value', message: 'must be between 1ms and 1d' }];
}

export function readRate(rate: RateInput | undefined): Rate | null {
  if (rate === undefined) return null;
  return { limit: rate.limit, perMs: parseDuration(rate.per) ?? 0, burst: rate.burst ?? 1 };
}

export function showRate(rate: Rate | null): { rate?: Required<RateInput> } {
  if (rate === null) return {};
  return { rate: { limit: rate.limit, per: formatDuration(rate.perMs), burst: rate.burst } };
}
