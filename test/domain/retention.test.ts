import { findRetentionProblems, resolveRetention, retentionKinds, retentionOrder } from '../../src/domain/retention.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('the retention windows of a tenant', () => {
  it('a tenant that chooses nothing gets the default retention windows', () => {
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

  it('a tenant that chooses some retention windows keeps the defaults of the others', () => {
    expect(resolveRetention({ content: '12h', events: '90d' })).toMatchObject({
      content: 12 * hour,
      attempts: 90 * day,
      events: 90 * day,
    });
  });

  it('content and attempts are kept no longer than their message, but events may be kept longer', () => {
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
  ] as const)(
    'a retention window that is unusable (%s) removes nothing of its kind and leaves the other kinds alone',
    (_what, own, kind) => {
      const windows = resolveRetention(own);
      for (const one of retentionOrder) expect([one, windows[one] === null]).toEqual([one, one === kind]);
    },
  );

  it.each([['text'], [null], [['30d']], [7]])(
    'a retention setting that is not an object (%j) removes nothing at all',
    (own) => {
      expect(Object.values(resolveRetention(own))).toEqual(retentionOrder.map(() => null));
    },
  );

  it('a retention window of an unknown kind, as from a newer version, changes nothing', () => {
    expect(resolveRetention({ raw: '7d' })).toEqual(resolveRetention({}));
  });
});

describe('findRetentionProblems', () => {
  it('retention windows within their bounds have no problems', () => {
    expect(findRetentionProblems({})).toEqual([]);
    expect(findRetentionProblems({ content: '1h', attempts: '3650d', messages: '3650d' })).toEqual([]);
    expect(findRetentionProblems({ messages: '7d' })).toEqual([]);
  });

  it.each(retentionOrder.filter((kind) => kind !== 'dedupe' && kind !== 'people'))(
    'the retention window of %s must be within its bounds',
    (kind) => {
      const { shortest, longest } = retentionKinds[kind as 'content'].choice;
      expect(findRetentionProblems({ [kind]: '59m' })).toEqual([
        { key: kind, message: `must be a duration between ${shortest} and ${longest}` },
      ]);
      expect(findRetentionProblems({ [kind]: shortest })).toEqual([]);
    },
  );

  it('the problems of a retention setting name each wrong kind and the kinds that exist', () => {
    expect(findRetentionProblems({ content: '', raw: '7d', dedupe: '7d' })).toEqual([
      { key: 'content', message: 'must be a duration between 1h and 3650d' },
      { key: 'raw', message: 'is no kind of data; there are content, attempts, events, links, inbox, messages, jobs' },
      { key: 'dedupe', message: 'cannot be chosen; there are content, attempts, events, links, inbox, messages, jobs' },
    ]);
  });

  it('a retention window that is longer than that of the message is a problem', () => {
    expect(findRetentionProblems({ content: '31d', attempts: '2d', messages: '30d' })).toEqual([
      { key: 'content', message: 'must not be longer than messages (30d): it goes with its message' },
    ]);
  });

  it('a retention setting that is not an object is a problem', () => {
    expect(findRetentionProblems('30d')).toMatchObject([{ key: '', message: expect.stringContaining('object') }]);
  });

  it('a name that every JavaScript object has is not accepted as a kind of data', () => {
    expect(findRetentionProblems({ constructor: '7d' })).toMatchObject([{ key: 'constructor' }]);
  });
});
