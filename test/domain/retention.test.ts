import { findRetentionProblems, resolveRetention, retentionKinds, retentionOrder } from '../../src/domain/retention.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('windows', () => {
  it('are the defaults where the tenant says nothing', () => {
    expect(resolveRetention({})).toEqual({
      links: 30 * day,
      inbox: 30 * day,
      people: 0,
      content: 30 * day,
      attempts: 90 * day,
      events: 30 * day,
      dedupe: 0,
      messages: 365 * day,
      jobs: 90 * day,
    });
  });

  it('are the tenant’s where it says something, and the others stay', () => {
    expect(resolveRetention({ content: '12h', events: '90d' })).toMatchObject({
      content: 12 * hour,
      attempts: 90 * day,
      events: 90 * day,
    });
  });

  it('of what belongs to a message end with the message; events may outlive it', () => {
    expect(resolveRetention({ messages: '7d' })).toMatchObject({
      content: 7 * day,
      attempts: 7 * day,
      events: 30 * day,
      messages: 7 * day,
    });
  });

  it.each([
    ['not a duration', { content: 'soon' }, 'content'],
    ['too short', { messages: '6d' }, 'messages'],
    ['too long', { events: '3651d' }, 'events'],
    ['a number', { attempts: 5 }, 'attempts'],
    ['no text', { content: null }, 'content'],
  ] as const)('that cannot be used (%s) keep for good, and only that kind', (_what, own, kind) => {
    const windows = resolveRetention(own);
    for (const one of retentionOrder) expect([one, windows[one] === null]).toEqual([one, one === kind]);
  });

  it.each([['text'], [null], [['30d']], [7]])('of a setting that is no object (%j) keep everything', (own) => {
    expect(Object.values(resolveRetention(own))).toEqual(retentionOrder.map(() => null));
  });

  it('of a kind that only a newer version knows disturb nothing', () => {
    expect(resolveRetention({ raw: '7d' })).toEqual(resolveRetention({}));
  });
});

describe('problems', () => {
  it('there are none with what can be used', () => {
    expect(findRetentionProblems({})).toEqual([]);
    expect(findRetentionProblems({ content: '1h', attempts: '3650d', messages: '3650d' })).toEqual([]);
    expect(findRetentionProblems({ messages: '7d' })).toEqual([]);
  });

  it.each(retentionOrder.filter((kind) => kind !== 'dedupe' && kind !== 'people'))('%s keeps its bounds', (kind) => {
    const { shortest, longest } = retentionKinds[kind as 'content'].choice;
    expect(findRetentionProblems({ [kind]: '59m' })).toEqual([
      { key: kind, message: `must be a duration between ${shortest} and ${longest}` },
    ]);
    expect(findRetentionProblems({ [kind]: shortest })).toEqual([]);
  });

  it('names each kind that is wrong, and what there is', () => {
    expect(findRetentionProblems({ content: '', raw: '7d', dedupe: '7d' })).toEqual([
      { key: 'content', message: 'must be a duration between 1h and 3650d' },
      { key: 'raw', message: 'is no kind of data; there are content, attempts, events, links, inbox, messages, jobs' },
      { key: 'dedupe', message: 'cannot be chosen; there are content, attempts, events, links, inbox, messages, jobs' },
    ]);
  });

  it('says so when a part should be kept longer than its message', () => {
    expect(findRetentionProblems({ content: '31d', attempts: '2d', messages: '30d' })).toEqual([
      { key: 'content', message: 'must not be longer than messages (30d): it goes with its message' },
    ]);
  });

  it('wants an object', () => {
    expect(findRetentionProblems('30d')).toMatchObject([{ key: '', message: expect.stringContaining('object') }]);
  });

  it('does not take what every object has for a kind', () => {
    expect(findRetentionProblems({ constructor: '7d' })).toMatchObject([{ key: 'constructor' }]);
  });
});
