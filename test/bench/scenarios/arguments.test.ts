import { readScenarioArguments } from '../../../bench/scenarios/arguments.ts';

describe('the arguments of a scenario', () => {
  it('the benchmark runs no scenario unless one is named', () => {
    expect(readScenarioArguments(['--quick'])).toBeUndefined();
  });

  it('the arguments of a scenario are its name and its sizes', () => {
    expect(readScenarioArguments(['--scenario', 'outage'])).toEqual({
      scenario: 'outage',
      mode: 'full',
      temporal: undefined,
      messages: undefined,
      perSecond: 10,
      downSeconds: undefined,
    });
    const all = ['--quick', '--scenario=outage', '--down', '10m', '--messages=80', '--per-second', '15'];
    expect(readScenarioArguments([...all, '--temporal', 'sqlite'])).toEqual({
      scenario: 'outage',
      mode: 'quick',
      temporal: 'sqlite',
      messages: 80,
      perSecond: 15,
      downSeconds: 600,
    });
  });

  it.each([
    [['--scenario']],
    [['--scenario', 'storm']],
    [['--scenario', 'slow', '--fast']],
    [['--scenario', 'slow', '--fan-out=3']],
    [['--scenario', 'slow', '--down', '10m']],
    [['--scenario', 'express', '--messages', '10']],
    [['--scenario', 'lanes', '--per-second', '10']],
    [['--scenario', 'slow', '10']],
    [['--scenario', 'outage', '--down', '5s']],
    [['--scenario', 'outage', '--down', 'long']],
    [['--scenario', 'slow', '--messages', '0']],
    [['--scenario', 'slow', '--per-second=1.5']],
    [['--scenario', 'slow', '--temporal', 'mysql']],
  ])('the arguments %j of a scenario are refused', (args) => {
    expect(() => readScenarioArguments(args)).toThrow(/^--|^10:/);
  });
});
