// `node scripts/docs.mjs` writes what of the docs is made from the code, which must be built: docs/configuration.md from
// the fields of src/config-fields.ts, docs/openapi.json from the API, the tables of capabilities and of forms of text in docs/connectors.md. `--check` changes nothing and fails where one is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Which variables matter to whom; a variable that stands nowhere here is read by all roles. */
const sections = [
  {
    title: 'All roles',
    text: 'The key ring must be the same in every process. A process that cannot open what is stored refuses to start.',
    holds: () => true,
  },
  { title: '`api`', holds: (name) => ['CARILLON_PORT', 'CARILLON_HOST', 'CARILLON_ADMIN_KEY'].includes(name) },
  {
    title: '`worker`',
    holds: (name) =>
      [
        'CARILLON_EGRESS_ALLOW',
        'CARILLON_HOUSEKEEPING_EVERY',
        'CARILLON_PUBLIC_URL',
        'CARILLON_SUBSCRIPTIONS_EVERY',
        'DATABASE_LISTEN_URL',
      ].includes(name),
  },
  {
    title: '`npm start`',
    text: 'A port that was asked for is used or is an error; a usual one that is taken gives way to the next free one.',
    holds: (name) => name === 'CARILLON_DEMO' || (name !== 'CARILLON_PORT' && name.endsWith('_PORT')),
  },
];

/** The page's text. @param fields `configFields` of src/config-fields.ts. */
function configurationPage(fields) {
  const of = ({ name }) => sections.findLast(({ holds }) => holds(name));
  const parts = sections.map((section) => {
    const mine = fields.filter((field) => of(field) === section);
    return [`## ${section.title}`, section.text, table(mine)].filter(Boolean).join('\n\n');
  });
  const head = [
    '# Configuration',
    '<!-- Made by `node scripts/docs.mjs` from src/config-fields.ts. Do not edit. -->',
    'Carillon reads its settings from environment variables and nowhere else. An empty variable counts as not set. A value that cannot be used ends the process at its start.',
  ];
  return `${[...head, ...parts].join('\n\n')}\n`;
}

function table(fields) {
  return rowsAsTable([
    ['Variable', 'Kind', 'Default', 'Meaning'],
    ...fields.map(({ name, kind, default: value, description }) => [
      `\`${name}\``,
      kind,
      value === undefined ? '' : value === '' ? 'none' : `\`${value}\``,
      description.replaceAll('|', '\\|'),
    ]),
  ]);
}

function rowsAsTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [heading, ...body] = rows.map(line);
  return [heading, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

const abilities = {
  thread: 'Threads',
  edit: 'Edits',
  delete: 'Deletes',
  react: 'Reactions',
  mention: 'Mentions',
  files: 'Files',
};

/** What each platform can do, and under the table what is less than full, and why. */
function capabilities(connectors) {
  const rows = [
    ['Connector', 'Comes in', ...Object.values(abilities)],
    ...connectors.map(({ title, inbound, capabilities: of }) => [
      title,
      inbound === undefined ? 'no' : 'yes',
      ...Object.keys(abilities).map((key) => of[key].level),
    ]),
  ];
  const lacks = connectors.flatMap(({ title, capabilities: of }) =>
    Object.entries(abilities)
      .filter(([key]) => of[key].level !== 'full')
      .map(([key, name]) => `- **${title}, ${name.toLowerCase()}** (${of[key].level}): ${of[key].why}`),
  );
  return `${rowsAsTable(rows)}\n\n${lacks.join('\n')}`;
}

const forms = {
  strike: 'Struck out',
  code: 'Code',
  codeBlock: 'Code blocks',
  heading: 'Headings',
  list: 'Lists',
  quote: 'Quotes',
  table: 'Tables',
  rule: 'Rules',
};

/** What each platform keeps of the forms of a text, or shows instead. */
function kept(connectors) {
  const chats = connectors.filter(({ keeps }) => keeps !== undefined);
  return rowsAsTable([
    ['', ...chats.map(({ title }) => title)],
    ...Object.entries(forms).map(([key, name]) => [name, ...chats.map(({ keeps }) => keeps[key])]),
  ]);
}

/** A page with the part between its two marks made anew. */
function withPart(before, name, text) {
  const [begin, end] = [`<!-- made by scripts/docs.mjs: ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${connectorsPage} has no part "${name}"`);
  return `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { configFields } = await import('../dist/src/config-fields.js');
const { connectors } = await import('../dist/src/connectors/registry.js');
const { renderOpenApi } = await import('../dist/src/api/openapi-file.js');
const connectorsPage = 'docs/connectors.md';
const pages = {
  'docs/configuration.md': configurationPage(configFields),
  'docs/openapi.json': await renderOpenApi(),
  [connectorsPage]: withPart(
    withPart(readFileSync(connectorsPage, 'utf8'), 'capabilities', capabilities(connectors)),
    'forms of text',
    kept(connectors),
  ),
};
for (const [page, wanted] of Object.entries(pages))
  if (!process.argv.includes('--check')) writeFileSync(page, wanted);
  else if (readFileSync(page, 'utf8') !== wanted) {
    console.error(`${page} is not what the sources say: run \`npm run build && node scripts/docs.mjs\``);
    process.exitCode = 1;
  }
