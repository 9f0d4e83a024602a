import { checkFields } from '../../../src/connectors/contract/fields.ts';
import { zoom } from '../../../src/connectors/zoom/index.ts';
import { markOf } from '../../../src/connectors/text/invisible-mark.ts';
import { connectorSuite } from '../../suites/connector-suite.ts';
import { copiesOf, reactionsOf, refusal, settings, shown, usual } from '../../support/zoom.ts';

describe('the connector of Zoom', () => {
  connectorSuite({
    connector: zoom,
    target: (base) => ({ settings: settings(base), address: { channel: usual } }),
    paths: {
      create: '/messages',
      edit: '/messages/',
      delete: '/messages/',
      react: '/emoji_reactions',
      unreact: '/emoji_reactions',
    },
    lookupPath: '/messages?',
    threadLookupPath: '/messages?',
    copies: copiesOf,
    shown,
    reactions: reactionsOf,
    isPostOf: ({ method, path, body }, delivery) =>
      method === 'POST' && path.endsWith('/messages') && body.includes(markOf(delivery)),
    answers: [
      ...[300, 4131, 5402, 5403, 5405, 9_999].map((code) => ({
        kind: 'permanent' as const,
        code: `zoom_${code}`,
        answer: refusal(code),
      })),
      ...[200, 5419, 5420, 5421].map((code) => ({
        kind: 'permanent' as const,
        code: `zoom_${code}`,
        affects: 'destination' as const,
        answer: refusal(code),
      })),
      { kind: 'permanent', code: 'zoom_4130', affects: 'destination', answer: refusal(4130, 404) },
      { kind: 'permanent', code: 'zoom_1001', affects: 'connection', answer: refusal(1001, 404) },
      { kind: 'permanent', code: 'zoom_5418', affects: 'connection', answer: refusal(5418) },
      { kind: 'ambiguous', code: 'zoom_5301', answer: refusal(5301) },
      { kind: 'transient', code: 'throttled', answer: { status: 429 } },
      { kind: 'ambiguous', code: 'http_503', answer: refusal(300, 503) },
      { kind: 'ambiguous', code: 'http_500', answer: { status: 500, body: '<html>oops</html>' } },
      { kind: 'permanent', code: 'http_404', answer: { status: 404, body: 'no such page' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 201, body: '<html>hello</html>' } },
      { kind: 'ambiguous', code: 'bad_response', answer: { status: 201, body: {} } },
      { action: 'edit', kind: 'permanent', code: 'zoom_200', answer: refusal(200) },
      { action: 'edit', kind: 'permanent', code: 'zoom_300', answer: refusal(300) },
      { action: 'edit', kind: 'permanent', code: 'zoom_4130', affects: 'destination', answer: refusal(4130, 404) },
      { action: 'edit', kind: 'ambiguous', code: 'http_500', answer: { status: 500 } },
      { action: 'delete', kind: 'permanent', code: 'zoom_200', answer: refusal(200) },
      { action: 'delete', kind: 'transient', code: 'throttled', answer: { status: 429 } },
    ],
    lookupRefusals: [
      refusal(200),
      refusal(300),
      refusal(4130, 404),
      refusal(5301),
      { status: 429, retryAfter: 30 },
      { status: 500 },
      { status: 200, body: 'not json' },
      { status: 200, body: {} },
      { status: 200, body: { messages: 'none' } },
    ],
  });
});

describe('the settings of Zoom', () => {
  it('the settings of Zoom have defaults for everything that Zoom does not issue', () => {
    const { baseUrl: _, tokenUrl: __, secretTokens: ___, fileUrl: ____, ...rest } = settings('');
    expect(checkFields(zoom.settings, rest, '')).toEqual([]);
  });

  it.each([
    ['user', 'me'],
    ['maxText', '7'],
    ['maxText', '4k'],
  ])('the setting %s of Zoom may not be %j', (key, value) => {
    expect(checkFields(zoom.settings, { ...settings('http://a'), [key]: value }, '')).toEqual([
      expect.objectContaining({ code: 'pattern', path: `/${key}` }),
    ]);
  });

  it('an address in Zoom is a channel id, and cannot be a person yet', () => {
    expect(checkFields(zoom.address, { channel: usual }, '')).toEqual([]);
    expect(checkFields(zoom.address, { channel: '#ops' }, '')).toEqual([expect.objectContaining({ code: 'pattern' })]);
    expect(checkFields(zoom.address, { contact: 'ann@example.com' }, '')).toContainEqual(
      expect.objectContaining({ code: 'not_yet_supported' }),
    );
  });
});
