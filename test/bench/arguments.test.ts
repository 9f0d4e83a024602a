import { readArguments } from '../../bench/arguments.ts';

describe('the arguments of the benchmark', () => {
  it('the benchmark without arguments is a full run at fan-out 1, 3 and 10', () => {
    expect(readArguments([])).toMatchObject({ mode: 'full', fanOuts: [1, 3, 10], profile: undefined });
  });

  it('the arguments of the benchmark choose a quick run, fan-outs and a folder for profiles', () => {
    expect(readArguments(['--quick', '--fan-out=3,5', '--profile=/tmp/p'])).toMatchObject({
      mode: 'quick',
      fanOuts: [3, 5],
      profile: '/tmp/p',
    });
  });

  it('the arguments of the benchmark choose where Temporal keeps its data', () => {
    expect(readArguments([]).temporal).toBeUndefined();
    expect(readArguments(['--quick', '--temporal', 'sqlite']).temporal).toBe('sqlite');
    expect(readArguments(['--temporal=postgres', '--quick'])).toMatchObject({ mode: 'quick', temporal: 'postgres' });
  });

  it.each([
    '--fast',
    '--fan-out=',
    '--fan-out=0',
    '--fan-out=three',
    '--profile',
    '--temporal',
    '--temporal=mysql',
    'quick',
  ])('the benchmark refuses the argument %s', (argument) => {
    expect(() => readArguments([argument])).toThrow(/--(quick|fan-out)/);
  });
});
