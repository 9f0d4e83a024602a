import { readSoakArguments } from './arguments.ts';

it('the seed of a soak comes from the argument, else from SEED, else from chance', () => {
  expect(readSoakArguments(['--seed', '7'], { SEED: '8' }).seed).toBe(7);
  expect(readSoakArguments([], { SEED: '8' }).seed).toBe(8);
  expect(readSoakArguments([], {}).seed).toBeGreaterThanOrEqual(0);
});

it('by default a soak posts 5 000 messages in 200 conversations over 417 seconds, without edits', () => {
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
  'the soak refuses the argument %s %s',
  (...args) => {
    expect(() => readSoakArguments(args, {})).toThrow(args[0]);
  },
);
