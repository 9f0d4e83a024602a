import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { makeWorld, moveCommand, passCommand, rareAt, type Move, type Post } from '../../support/ledger-model.ts';
import { fc, isUsual, runs } from '../../support/property.ts';

/**
 * Compares the statements of `src/store` with the reducer of `test/model/ledger.ts`, which is their specification. Both
 * get the same random events. After each event the rows, the entry that an attempt reads, and the next deliveries must
 * be the same.
 */
let bench: LedgerBench;
beforeAll(async () => void (bench = await createLedgerBench()));
afterAll(() => bench.close());

const newestAttempt = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) });
const simple = (...names: ('wait-turn' | 'call' | 'look-up' | 'expire' | 'retry' | 'cancel' | 'end-hold')[]) =>
  fc.constantFrom(...names).map((name) => ({ do: name }));

const rarely = fc.constantFrom(false, false, false, false, true);

/** Events that end a delivery are rare, so that stories become long enough. */
const event: fc.Arbitrary<Move['event']> = fc.oneof(
  {
    weight: 18,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      version: fc.constantFrom(1, 1, 1, 1, 1, 2),
      patient: fc.constantFrom(true, true, true, false),
      parts: fc.constantFrom(null, null, 1, 2, 3, 3),
      isStale: rarely,
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      outcome: fc.constantFrom('transient', 'ambiguous', 'permanent', 'unknown'),
      state: fc.constantFrom('retrying', 'retrying', 'parked', 'uncertain'),
      retryAfterMs: fc.constantFrom(undefined, undefined, 25_000),
      canLookUp: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), nativeId: fc.constantFrom('x', 'y') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait-gate' as const), isBreaker: fc.boolean() }) },
  { weight: 8, arbitrary: simple('retry') },
  { weight: 6, arbitrary: simple('wait-turn', 'call', 'call', 'look-up', 'expire', 'end-hold') },
  { weight: 6, arbitrary: fc.constant({ do: 'release' as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('absent' as const), final: fc.boolean(), isStale: rarely }) },
  { weight: 1, arbitrary: simple('cancel') },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('rest' as const),
      state: fc.constantFrom('parked', 'parked', 'uncertain', 'skipped', 'expired', 'cancelled'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('found' as const),
      nativeId: fc.constant('x'),
      version: fc.constant(1),
      isStale: rarely,
    }),
  },
);

const move = fc.record({ at: fc.nat(rareAt), attempt: newestAttempt, event }).map(moveCommand);
const pause = fc.constantFrom(10, 20, 30, 30, 100, 1000).map(passCommand);
// There is no bias towards short stories, because defects take a few steps to show.
const story = fc.noBias(fc.commands([move, move, move, move, pause], { maxCommands: 120, size: 'max' }));

const post: fc.Arbitrary<Post> = fc.record({
  lane: fc.constantFrom(0, 0, 0, 1, null),
  holdForMs: fc.constantFrom(null, 25_000, 85_000, Infinity),
  replyTo: fc.constantFrom(null, null, 0, 1),
  isBestEffort: fc.constantFrom(false, false, false, true),
});

async function agree(posts: fc.Arbitrary<readonly Post[]>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(posts, story, async (chosenPosts, steps) => {
      const world = await makeWorld(bench, chosenPosts, counts);
      await fc.asyncModelRun(() => world, steps);
    }),
    { numRuns: runs(12) },
  );
  return counts;
}

describe('the statements of the ledger', () => {
  it('the statements do to one delivery what the model says, in random stories', async () => {
    const counts = await agree(post.map((one) => [{ ...one, replyTo: null }]));
    if (isUsual) expect([...counts.keys()]).toEqual(expect.arrayContaining(['fail', 'deliver', 'release', 'part']));
  }, 600_000);

  it('the statements do to a lane what the model says, in random stories', async () => {
    const counts = await agree(fc.array(post, { minLength: 2, maxLength: 4 }));
    if (isUsual) expect([...counts.keys()]).toEqual(expect.arrayContaining(['retry', 'wait-turn', 'rest']));
  }, 600_000);
});
