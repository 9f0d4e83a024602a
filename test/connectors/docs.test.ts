import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Capability, Connector } from '../../src/connectors/contract/connector.ts';
import type { Field } from '../../src/connectors/contract/fields.ts';
import { connectors, findConnector } from '../../src/connectors/registry.ts';
import { simulators } from '../../src/simulators/index.ts';

const page = readFileSync(join(__dirname, '../../docs/connectors.md'), 'utf8');

function row(place: string, field: Field): string {
  const need = field.planned === true ? 'not yet' : field.required ? 'required' : 'optional';
  const fallback = field.default === undefined ? '' : ` Default \`${field.default}\`.`;
  return `| ${place} | \`${field.key}\` | ${field.kind} | ${need} | ${field.description}${fallback} |`;
}

function table(connector: Connector): string {
  return [
    '| In | Field | Kind | | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...connector.settings.map((field) => row('settings', field)),
    ...connector.address.map((field) => row('address', field)),
  ].join('\n');
}

/** The formatter may pad the columns. */
const squeeze = (text: string): string => text.replaceAll(/ *\| */g, '|').replaceAll(/-{2,}/g, '--');

describe('docs/connectors.md', () => {
  it('says of each connector what is less than full, and why', () => {
    for (const { capabilities } of connectors)
      for (const one of Object.values(capabilities) as Capability[])
        if (one.level !== 'full') expect(page).toContain(`(${one.level}): ${one.why}`);
    for (const { title } of connectors) expect(squeeze(page)).toContain(`|${title}|`);
  });

  it.each(connectors.map((connector) => [connector.name, connector] as const))(
    'has the fields of %s',
    (_, connector) => {
      expect(squeeze(page)).toContain(`## ${connector.title} (\`${connector.name}\`)`);
      expect(squeeze(page)).toContain(squeeze(table(connector)));
    },
  );
});

describe('the registry', () => {
  it('has a simulator for each connector', () => {
    expect(simulators.map(({ name }) => name)).toEqual(connectors.map(({ name }) => name));
  });

  it('finds a connector by its name', () => {
    expect(findConnector('slack')?.title).toBe('Slack');
    expect(findConnector('teams')).toBeUndefined();
  });

  it.each(connectors.map((connector) => [connector.name, connector] as const))(
    '%s has sound fields',
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
