import { readSoakArguments } from './arguments.ts';

it('the seed comes from the argument, else from SEED, else from chance', () => {
  expect(readSoakArguments(['--seed', '7'], { SEED: '8' }).seed).toBe(7);
  expect(readSoakArguments([], { SEED: '8' }).seed).toBe(8);
  expect(readSoakArguments([], {}).seed).toBeGreaterThanOrEqual(0);
});

it('without arguments 5 000 messages go to three destinations over seven minutes, and nothing is edited', () => {
  expect(readSoakArguments([], {})).toMatchObject({
    messages: 5_000,
    conversations: 200,
    durationMs: 417_000,
    temporal: 'postgres',
    edits: false,
  });
  expect(readSoakArguments(['--messages=60', '--duration', '5m'], { EDITS: '1' })).toMatchObject({
    messages: 60,
    durationMs: 300_000,
    edits: true,
  });
});

it.each([['--messages', '0'], ['--seed', 'x'], ['--duration', '5'], ['--temporal', 'mysql'], ['--fast'], ['quick']])(
  '%s %s is refused',
  (...args) => {
    expect(() => readSoakArguments(args, {})).toThrow(args[0]);
  },
);
