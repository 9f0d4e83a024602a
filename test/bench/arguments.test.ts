import { readArguments } from '../../bench/arguments.ts';

describe('the arguments of a run', () => {
  it('are none for the full one, at fan-out 1, 3 and 10', () => {
    expect(readArguments([])).toMatchObject({ mode: 'full', fanOuts: [1, 3, 10], profile: undefined });
  });

  it('choose a quick one, fan-outs and profiles', () => {
    expect(readArguments(['--quick', '--fan-out=3,5', '--profile=/tmp/p'])).toMatchObject({
      mode: 'quick',
      fanOuts: [3, 5],
      profile: '/tmp/p',
    });
  });

  it.each(['--fast', '--fan-out=', '--fan-out=0', '--fan-out=three', '--profile', 'quick'])(
    '%s is refused',
    (argument) => {
      expect(() => readArguments([argument])).toThrow(/--(quick|fan-out)/);
    },
  );
});
