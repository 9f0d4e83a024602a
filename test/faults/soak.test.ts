import { destinations } from './destinations.ts';
import { report } from './report.ts';
import { openRig, type Rig } from './rig.ts';
import { answersLost, soak, type SoakOptions, type SoakResult } from './soak.ts';

/** Options that are small enough for every run of the tests. `npm run soak` uses larger ones. */
const options: SoakOptions = {
  // This is one of the seeds that kill every kind of process, and let each sink lose answers, in so short a time.
  seed: 76,
  messages: 500,
  conversations: 50,
  durationMs: 50_000,
  faultEveryMs: 1_500,
  restMs: 90_000,
  edits: false,
  temporal: 'sqlite',
  say: () => undefined,
};

let rig: Rig;
let result: SoakResult;
beforeAll(async () => {
  rig = await openRig(options);
  result = await soak(rig, options);
  console.log(report(result).join('\n'));
}, 300_000);
afterAll(() => rig?.remove(), 60_000);

describe('500 messages to three destinations, while processes die and connections break', () => {
  it('all 500 messages are accepted from clients that post again under the same key', () => {
    expect(result.load.refused).toEqual([]);
    expect(result.load.accepted).toBe(options.messages);
    expect(result.load.unavailable + result.load.broken).toBeGreaterThan(0);
  });

  it('no message is lost or doubled, and all arrive in order and come to rest', () => {
    expect(result.offences.length === 0 ? [] : report(result)).toEqual([]);
    for (const destination of destinations) expect(result.counts[destination]?.accepted).toBe(options.messages);
  });

  it('the faults interrupted real work: attempts died with their process, and others lost their answer', () => {
    const { folding, slack, once } = result.counts;
    for (const one of [folding, slack, once]) expect(one?.ambiguous).toBeGreaterThanOrEqual(answersLost);
    const sum = (name: 'died' | 'ambiguous'): number =>
      [folding, slack, once].reduce((all, one) => all + (one?.[name] ?? 0), 0);
    expect(sum('died')).toBeGreaterThan(0);
    expect(sum('ambiguous')).toBeGreaterThan(10);
    expect(result.struck.length).toBe(result.planned.faults);
    const killed = result.struck.flatMap(({ fault }) => (fault.kind === 'kill' ? [fault.process] : []));
    expect(killed).toEqual(expect.arrayContaining(['worker-1', 'worker-2', 'api-1', 'postgres', 'temporal']));
  });
});
