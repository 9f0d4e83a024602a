import { figure, table } from '../../bench/table.ts';

describe('tables of the benchmark', () => {
  it('a table aligns its first column left and all others right', () => {
    expect(
      table(
        ['what', '/s', 'ms'],
        [
          ['empty', '65.1', '1'],
          ['a longer one', '7', '1200'],
        ],
      ),
    ).toEqual(['what            /s    ms', 'empty         65.1     1', 'a longer one     7  1200']);
  });
});

describe('figures of the benchmark', () => {
  it.each([
    [0.3456, '0.35'],
    [9.876, '9.88'],
    [65.123, '65.1'],
    [1_234.5, '1235'],
    [0, '0.00'],
  ])('the figure %f is shown as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it('a figure that was not measured is shown as a dash', () => {
    expect([figure(undefined), figure(Number.NaN)]).toEqual(['-', '-']);
  });
});
