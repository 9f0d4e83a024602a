import { checkFields, readDuration, readText, type Field } from '../../../src/connectors/contract/fields.ts';
import {
  maskSecrets,
  mergeSecrets,
  secretMask,
  secretTexts,
  splitSecrets,
} from '../../../src/connectors/contract/secrets.ts';

const fields: readonly Field[] = [
  { key: 'name', label: 'Name', kind: 'text', required: true, pattern: '^[a-z]+$', description: '' },
  { key: 'base', label: 'Base', kind: 'url', required: true, default: 'https://example.com/', description: '' },
  { key: 'token', label: 'Token', kind: 'secret', required: true, description: '' },
  { key: 'keys', label: 'Keys', kind: 'secrets', required: false, pattern: '^k', description: '' },
  { key: 'window', label: 'Window', kind: 'duration', required: false, description: '' },
  { key: 'loud', label: 'Loud', kind: 'flag', required: false, description: '' },
  { key: 'user', label: 'User', kind: 'text', required: false, planned: true, description: 'a person.' },
];
const good = { name: 'ops', token: 's3cret' };
const codes = (value: unknown) => checkFields(fields, value, '/settings').map(({ path, code }) => [path, code]);

describe('checkFields', () => {
  it.each([
    ['the least', good],
    ['everything', { ...good, base: 'http://127.0.0.1:8090/x?y', keys: ['k1', 'k2'], window: '24h', loud: false }],
    ['an empty optional list', { ...good, keys: [] }],
    ['an undefined optional value', { ...good, window: undefined }],
  ])('checkFields accepts settings with %s', (_, value) => {
    expect(codes(value)).toEqual([]);
  });

  it.each([
    ['no object', null, [['/settings', 'wrong_type']]],
    ['a list', [], [['/settings', 'wrong_type']]],
    [
      'nothing',
      {},
      [
        ['/settings/name', 'required'],
        ['/settings/token', 'required'],
      ],
    ],
    ['a misspelt key', { ...good, windw: '1s' }, [['/settings/windw', 'unknown_field']]],
    ['a key to be escaped', { ...good, 'a/b~c': 1 }, [['/settings/a~1b~0c', 'unknown_field']]],
    [
      'an inherited name',
      JSON.parse('{"name":"ops","token":"s","__proto__":1}'),
      [['/settings/__proto__', 'unknown_field']],
    ],
    ['a number for a text', { ...good, name: 1 }, [['/settings/name', 'wrong_type']]],
    ['an empty text', { ...good, token: '' }, [['/settings/token', 'wrong_type']]],
    ['null', { ...good, window: null }, [['/settings/window', 'wrong_type']]],
    ['what does not match', { ...good, name: 'OPS' }, [['/settings/name', 'pattern']]],
    ['a second secret that does not match', { ...good, keys: ['k', 'x'] }, [['/settings/keys', 'pattern']]],
    ['too many secrets', { ...good, keys: Array(11).fill('k') }, [['/settings/keys', 'wrong_type']]],
    ['a long text', { ...good, token: 'x'.repeat(4_097) }, [['/settings/token', 'too_long']]],
    ['no URL', { ...good, base: 'example.com' }, [['/settings/base', 'invalid_url']]],
    ['another scheme', { ...good, base: 'file:///etc/passwd' }, [['/settings/base', 'invalid_url']]],
    ['a password in a URL', { ...good, base: 'http://a:b@c.d' }, [['/settings/base', 'invalid_url']]],
    ['no duration', { ...good, window: '10' }, [['/settings/window', 'invalid_duration']]],
    ['a text for a flag', { ...good, loud: 'yes' }, [['/settings/loud', 'wrong_type']]],
    ['what is planned only', { ...good, user: 'ann' }, [['/settings/user', 'not_yet_supported']]],
  ])('checkFields refuses settings with %s', (_, value, expected) => {
    expect(codes(value)).toEqual(expected);
  });

  it('checkFields never repeats a value, which may be a secret, in its errors', () => {
    const errors = checkFields(fields, { ...good, keys: ['hunter2'], base: 'http://u:hunter2@x' }, '');
    expect(errors).toHaveLength(2);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
  });
});

describe('readText and readDuration', () => {
  it('readText returns the default of a field that is not set, and throws if there is none', () => {
    expect(readText(fields, good, 'base')).toBe('https://example.com/');
    expect(readText(fields, { base: 'http://x' }, 'base')).toBe('http://x');
    expect(() => readText(fields, {}, 'name')).toThrow('field "name" has no text');
  });

  it('readDuration returns milliseconds, or undefined if the field is not set', () => {
    expect(readDuration({ window: '2m' }, 'window')).toBe(120_000);
    expect(readDuration({}, 'window')).toBeUndefined();
  });
});

describe('secrets among the settings', () => {
  const values = { ...good, keys: ['k1', 'k2'], loud: true };

  it('splitSecrets separates secrets from the other settings', () => {
    expect(splitSecrets(fields, values)).toEqual({
      open: { name: 'ops', loud: true },
      secret: { token: 's3cret', keys: ['k1', 'k2'] },
    });
  });

  it('a PUT that leaves a secret out or sends the mask keeps the stored secret, and changes everything else', () => {
    expect(mergeSecrets(fields, { name: 'new' }, values)).toEqual({ name: 'new', token: 's3cret', keys: ['k1', 'k2'] });
    expect(mergeSecrets(fields, maskSecrets(fields, values), values)).toEqual(values);
    expect(mergeSecrets(fields, { name: 'new', token: 't', keys: [] }, values)).toEqual({
      name: 'new',
      token: 't',
      keys: [],
    });
    expect(mergeSecrets(fields, { token: secretMask }, {})).toEqual({});
  });

  it('maskSecrets replaces each secret by the same mask, whatever its length', () => {
    expect(maskSecrets(fields, values)).toEqual({
      name: 'ops',
      token: secretMask,
      keys: [secretMask, secretMask],
      loud: true,
    });
  });

  it('secretTexts lists every secret', () => {
    expect(secretTexts(fields, values)).toEqual(['s3cret', 'k1', 'k2']);
  });
});
