import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config.ts';
import { readIdentitiesFile } from '../../src/roles/identities-file.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'identities-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  const path = join(folder, 'people.yaml');
  writeFileSync(path, text);
  return readIdentitiesFile(path);
}

const ann = '{ id: ann, accounts: [{ connection: acme, person: U1 }] }';

it('reads the identities file as YAML or JSON, with the default tenant where an entry names none', () => {
  const expected = [{ id: 'ann', tenant: 'default', name: null, accounts: [{ connection: 'acme', person: 'U1' }] }];
  expect(read(`- id: ann\n  accounts:\n    - connection: acme\n      person: U1\n`)).toEqual(expected);
  expect(read(JSON.stringify([{ id: 'ann', accounts: [{ connection: 'acme', person: 'U1' }] }]))).toEqual(expected);
  expect(read(`- { id: ann, tenant: other, name: Ann, accounts: [{ connection: acme, person: U1 }] }`)).toEqual([
    { ...expected[0], tenant: 'other', name: 'Ann' },
  ]);
});

it.each([
  ['no YAML', '- [', 'people.yaml: '],
  ['no list', 'id: ann', 'people.yaml: '],
  ['a field that there is not', '- { id: ann, acounts: [] }', 'people.yaml /0/'],
  [
    'an account without a person',
    '- { id: ann, accounts: [{ connection: acme }] }',
    '/0/accounts/0/person: is required',
  ],
  ['an id that is none', '- { id: Ann B., accounts: [{ connection: a, person: b }] }', '/0/id'],
  ['an id that stands twice', `[${ann}, ${ann}]`, '/1: id ann stands in /0 already'],
  [
    'an account that is two people’s',
    `[${ann}, ${ann.replace('ann', 'ben')}]`,
    '/1: account acme U1 stands in /0 already',
  ],
])('says what is wrong in the identities file, and where: %s', (_what, text, message) => {
  expect(() => read(text)).toThrow(ConfigError);
  expect(() => read(text)).toThrow(message);
});

it('names the identities file when it does not exist', () => {
  expect(() => readIdentitiesFile(join(folder, 'none.yaml'))).toThrow(/CARILLON_IDENTITIES_FILE: .*none\.yaml: ENOENT/);
});
