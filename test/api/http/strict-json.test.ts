import { parseStrictJson, JsonSyntaxError } from '../../../src/api/http/strict-json.ts';
import { fc, runs } from '../../support/property.ts';

const codes = (text: string): string[] => parseStrictJson(text).errors.map(({ path, code }) => `${path} ${code}`);

test('parses every text that JSON.parse accepts to the same value', () => {
  // -0 does not survive JSON. Keys like __proto__ are refused, which another test covers.
  const json = fc
    .jsonValue({ maxDepth: 5, noUnicodeString: false })
    .filter((value) => !JSON.stringify(value).includes('__proto__'));
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(parseStrictJson(text).value).toEqual(JSON.parse(text));
    }),
    { numRuns: runs(500) },
  );
});

test('refuses every text that JSON.parse refuses', () => {
  const broken = fc
    .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.string({ minLength: 0, maxLength: 2 }))
    .map(([value, at, noise]) => {
      const text = JSON.stringify(value);
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + noise + text.slice(cut + 1);
    });
  const outcome = (read: (text: string) => unknown, text: string): boolean => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(broken, (text) => {
      expect([text, outcome(parseStrictJson, text)]).toEqual([text, outcome(JSON.parse, text)]);
    }),
    { numRuns: runs(3_000) },
  );
});

test.each([
  ['', 'line 1, column 1: expected a value, found the end'],
  ['{"a": 1,}', 'line 1, column 9: expected a key, found "}"'],
  ['{"a": 1\n "b": 2}', 'line 2, column 2: expected "," or "}", found "\\""'],
  ['{\n  "text": "x\ny"}', 'line 2, column 13: expected a closing quote, found "\\n"'],
  ['[1 2]', 'line 1, column 4: expected "," or "]", found "2"'],
  ['nul', 'line 1, column 1: expected a value, found "n"'],
  ['{} x', 'line 1, column 4: expected the end, found "x"'],
  ["{'a': 1}", 'line 1, column 2: expected a key, found "\'"'],
  ['"\\x"', 'line 1, column 2: expected an escape, found "\\\\"'],
  ['[01]', 'line 1, column 3: expected "," or "]", found "1"'],
])('says where the JSON text %j is broken', (text, where) => {
  expect(() => parseStrictJson(text)).toThrow(new JsonSyntaxError(where));
});

test.each([
  ['{"a": 1, "b": {"c": 1, "c": 2}}', ['/b/c duplicate_key']],
  ['{"__proto__": {"admin": true}}', ['/__proto__ forbidden_key']],
  ['{"\\u005f_proto__": 1}', ['/__proto__ forbidden_key']],
  ['{"text": "a\\u0000b"}', ['/text nul_character']],
  ['["\\ud800", "\\ud83d\\ude00", "\\udc00\\ud800"]', ['/0 lone_surrogate', '/2 lone_surrogate']],
  ['{"a/b~c": [1e400]}', ['/a~1b~0c/0 number_out_of_range']],
  ['[9007199254740991, 9007199254740993, -9007199254740993]', ['/1 number_out_of_range', '/2 number_out_of_range']],
])('reports JSON that would silently become something else: %s', (text, errors) => {
  expect(codes(text)).toEqual(errors);
});

test('reports a NUL in a key of JSON with the path of the key', () => {
  expect(codes('{"a\\u0000": 1}')).toEqual(['/a\0 nul_character']);
});

test('accepts fractions and numbers with an exponent, because they are doubles anyway', () => {
  expect(parseStrictJson('[0.1, 1e300, -0.0, 12345678901234567890.5]')).toMatchObject({ errors: [] });
});

test('keeps __proto__ in JSON away from the prototype, and treats "constructor" as an ordinary key', () => {
  const { value } = parseStrictJson('{"__proto__": {"admin": true}, "constructor": {"prototype": 1}}');
  expect((value as { admin?: unknown }).admin).toBeUndefined();
  expect(value).toEqual(JSON.parse('{"constructor": {"prototype": 1}}'));
});

test('reports a megabyte of opening brackets as too deep instead of crashing', () => {
  for (const open of ['[', '{"a":']) expect(codes(open.repeat(200_000))).toEqual([expect.stringMatching(/ too_deep$/)]);
});

test('reports at most twenty errors in one JSON text', () => {
  expect(codes(`[${Array(1_000).fill('"\\u0000"').join()}]`)).toHaveLength(20);
});
