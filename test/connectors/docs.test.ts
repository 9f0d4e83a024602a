import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Capability, Connector } from '../../src/connectors/contract/connector.ts';
import type { Field } from '../../src/connectors/contract/fields.ts';
import { meaningOf as googleChatMeaning } from '../../src/connectors/google-chat/errors.ts';
import { kindOfStatus, type Meaning } from '../../src/connectors/http/answer.ts';
import { meaningOf as matrixMeaning } from '../../src/connectors/matrix/errors.ts';
import { meaningOf as teamsMeaning } from '../../src/connectors/msteams/errors.ts';
import { connectors, findConnector } from '../../src/connectors/registry.ts';
import { meaningOf as slackMeaning } from '../../src/connectors/slack/errors.ts';
import { meaningOf as webexMeaning } from '../../src/connectors/webex/errors.ts';
import { meaningOf as zoomMeaning } from '../../src/connectors/zoom/errors.ts';
import { simulators } from '../../src/simulators/index.ts';
import { faultModes } from '../../src/simulators/kit/faults.ts';

const folder = join(__dirname, '../../docs/connectors');
const read = (name: string): string => readFileSync(join(folder, `${name}.md`), 'utf8');
const each = connectors.map((connector) => [connector.name, connector] as const);

/** Every page about a platform has these headings in this order, and no other headings. */
const headings = ['Set up', 'Permissions', 'What crosses', 'What does not cross', 'Limits', 'Errors'] as const;

/** The text between a heading and the next heading. */
function section(page: string, heading: (typeof headings)[number]): string {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

/** The cells of the tables in a text, without the padding that the formatter adds. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

const described = (fields: readonly Field[]): Field[] => fields.filter(({ planned }) => planned !== true);

/**
 * What a connector makes of a code in the table of errors, for a new post. The table of webhooks has statuses alone.
 */
const meanings: Readonly<Record<string, (code: string) => Meaning | undefined>> = {
  slack: (code) => slackMeaning(code, 200),
  msteams: (code) => teamsMeaning(code, code === 'ServiceError' ? 500 : 400, 'create'),
  webex(code) {
    const status = Number(code);
    return webexMeaning(status, 'create') ?? { kind: kindOfStatus(status), code: `http_${code}` };
  },
  'google-chat': (code) => googleChatMeaning(googleStatus[code] ?? 400, { error: { status: code } }, true),
  zoom: (code) => zoomMeaning(Number(code), 400, 'create'),
  matrix: (code) => matrixMeaning(400, code),
};
const googleStatus: Readonly<Record<string, number>> = { RESOURCE_EXHAUSTED: 429, ALREADY_EXISTS: 409 };

describe.each(each)('docs/connectors/%s.md', (name, connector: Connector) => {
  const page = read(name);

  it('the page of a platform has the same headings as the pages of all platforms', () => {
    const found = page.split('\n').filter((line) => /^#{1,6} /.test(line));
    expect(found).toEqual([`# ${connector.title} (\`${name}\`)`, ...headings.map((heading) => `## ${heading}`)]);
  });

  it('the page of a platform has text under each heading', () => {
    for (const heading of headings) expect(section(page, heading).trim()).toMatch(/\w/);
  });

  it('the page of a platform describes each setting and each field of the address, and no planned field', () => {
    const rows = rowsOf(section(page, 'Set up'));
    for (const field of [...described(connector.settings), ...described(connector.address)])
      expect(rows).toContainEqual([
        '',
        `\`${field.key}\``,
        field.kind,
        field.required ? 'yes' : 'no',
        field.default === undefined ? '' : `\`${field.default}\``,
        field.description.replaceAll('|', String.raw`\|`),
        '',
      ]);
    for (const { key } of [...connector.settings, ...connector.address].filter(({ planned }) => planned === true))
      expect(rows.map(([, field]) => field)).not.toContain(`\`${key}\``);
  });

  it('the page of a platform names each capability and says what is missing from those that are not full', () => {
    const names = { thread: 'Threads', edit: 'Edits', delete: 'Deletes', react: 'Reactions', mention: 'Mentions' };
    for (const [key, ability] of Object.entries({ ...names, files: 'Files' })) {
      const one: Capability = connector.capabilities[key as keyof Connector['capabilities']];
      if (one.level === 'full' || one.level === 'partial')
        expect(rowsOf(section(page, 'What crosses'))).toContainEqual(['', ability, one.level, '']);
      if (one.level !== 'full')
        expect(section(page, 'What does not cross')).toContain(`- **${ability}** (${one.level}): ${one.why}`);
    }
  });

  it('the page of a platform lists the kind of each error and what it affects as the connector reports them', () => {
    const meaningOf = meanings[name];
    if (name === 'webhook') return;
    if (meaningOf === undefined) throw new Error(`\`meanings\` of this test has no entry for ${name}`);
    const rows = rowsOf(section(page, 'Errors')).slice(2);
    expect(rows.length).toBeGreaterThan(3);
    for (const [, kind = '', affects, codes = ''] of rows)
      for (const [, code = ''] of codes.matchAll(/`([^`]+)`/g)) {
        const meaning = meaningOf(code);
        const affected = meaning?.affects ?? (meaning?.kind === 'permanent' ? 'message' : 'destination');
        expect({ code, kind: meaning?.kind, affects: affected }).toEqual({ code, kind, affects });
      }
  });
});

describe('docs/connectors', () => {
  it('docs/connectors has an overview, a page for each connector, one for the simulators, and no others', () => {
    const pages = readdirSync(folder).sort();
    expect(pages).toEqual(['README.md', 'simulators.md', ...connectors.map(({ name }) => `${name}.md`)].sort());
  });

  it('the overview of docs/connectors lists every connector with a link to its page', () => {
    const rows = rowsOf(read('README'));
    for (const { name, title } of connectors) {
      expect(rows.map(([, first]) => first)).toContain(`[${title}](${name}.md)`);
      expect(existsSync(join(folder, `${name}.md`))).toBe(true);
    }
  });
});

describe('docs/connectors/simulators.md', () => {
  const page = read('simulators');

  it('the page about the simulators names every simulator with the control requests that it takes', () => {
    for (const simulator of simulators) {
      expect(rowsOf(page).map(([, first]) => first)).toContain(`\`${simulator.name}\``);
      for (const control of Object.keys(simulator.start(() => undefined).controls ?? {}))
        expect(page).toContain(`\`POST /_sim/${simulator.name}/${control}\``);
    }
  });

  it('the page about the simulators names every mode of a fault', () => {
    for (const mode of faultModes) expect(page).toMatch(new RegExp(`^\\| \`${mode}\``, 'm'));
  });
});

describe('the registry of connectors', () => {
  it('each connector has a simulator', () => {
    expect(simulators.map(({ name }) => name)).toEqual(connectors.map(({ name }) => name));
  });

  it('findConnector returns the connector with the given name', () => {
    expect(findConnector('slack')?.title).toBe('Slack');
    expect(findConnector('teams')).toBeUndefined();
  });

  it.each(each)(
    'the fields of the connector %s have distinct keys, valid patterns and no secrets in the address',
    (name, connector) => {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      for (const fields of [connector.settings, connector.address]) {
        expect(new Set(fields.map(({ key }) => key)).size).toBe(fields.length);
        for (const { pattern } of fields)
          if (pattern !== undefined) expect(() => new RegExp(pattern, 'u')).not.toThrow();
      }
      expect(connector.address.filter(({ kind }) => kind.startsWith('secret'))).toEqual([]);
    },
  );
});
