import { createAdmission } from '../../../src/api/limits/admission.ts';
import type { Priority } from '../../../src/domain/message.ts';

const message = (priority: Priority, best = false) => ({ priority, class: best ? ('best-effort' as const) : null });
const codeOf = (call: () => unknown): unknown => {
  try {
    call();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an overloaded API', () => {
  function filledTo(pending: number) {
    const admission = createAdmission();
    const leave = Array.from({ length: pending }, () => admission.enter('default', message('critical'), null));
    return { admission, leave };
  }

  it.each([
    [249, ['taken', 'taken', 'taken', 'taken', 'taken']],
    [250, ['overloaded', 'overloaded', 'taken', 'taken', 'taken']],
    [600, ['overloaded', 'overloaded', 'overloaded', 'taken', 'taken']],
    [850, ['overloaded', 'overloaded', 'overloaded', 'overloaded', 'taken']],
    [1_000, ['overloaded', 'overloaded', 'overloaded', 'overloaded', 'overloaded']],
  ])('refuses low and best effort first and critical last, with %d waiting', (pending, expected) => {
    const kinds = [message('low'), message('critical', true), message('normal'), message('high'), message('critical')];
    expect(kinds.map((kind) => codeOf(() => filledTo(pending).admission.enter('default', kind, null)))).toEqual(
      expected,
    );
  });

  it('accepts a message again as soon as one of the waiting messages is done', () => {
    const { admission, leave } = filledTo(250);
    leave[0]?.();
    expect(codeOf(() => admission.enter('default', message('low'), null))).toBe('taken');
  });
});

describe('a tenant with a rate limit', () => {
  it("may send one second's worth of its rate at once, then only at its rate, without effect on other tenants", () => {
    let at = 0;
    const admission = createAdmission(() => at);
    const post = (tenant: string) => codeOf(() => admission.enter(tenant, message('normal'), 10));
    const burst = Array.from({ length: 14 }, () => post('loud'));
    expect(burst.filter((code) => code === 'taken')).toHaveLength(11);
    expect(post('other')).toBe('taken');
    at += 100;
    expect([post('loud'), post('loud')]).toEqual(['taken', 'rate_limited']);
  });

  it('learns from the headers of a refusal when it may send again', () => {
    const admission = createAdmission(() => 0);
    const problems: unknown[] = [];
    for (let count = 0; count < 40; count += 1)
      try {
        admission.enter('loud', message('normal'), 1);
      } catch (error) {
        problems.push((error as { headers: unknown }).headers);
      }
    expect(problems[0]).toEqual({
      'retry-after': '1',
      'ratelimit-limit': '1',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '1',
    });
  });
});
