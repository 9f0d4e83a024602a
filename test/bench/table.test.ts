import { figure, table } from '../../bench/table.ts';

describe('a table', () => {
  it('has its first column to the left and all others to the right', () => {
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

describe('a figure', () => {
  it.each([
    [0.3456, '0.35'],
    [9.876, '9.88'],
    [65.123, '65.1'],
    [1_234.5, '1235'],
    [0, '0.00'],
  ])('%f is shown as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it('that was not measured is a dash', () => {
    expect([figure(undefined), figure(Number.NaN)]).toEqual(['-', '-']);
  });
});
