// `node scripts/docs.mjs` writes the parts of the docs that are generated from the code, which must be built:
// docs/configuration.md from src/config-fields.ts, docs/reasons.md from src/domain/reasons.ts, docs/openapi.json from the
// API, the tables of fields and capabilities in docs/connectors/ from the connectors, and the table of retry policies in
// docs/architecture.md from src/domain/retry.ts. `--check` changes nothing and fails when a page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sections of the configuration page. A variable belongs to the last section that holds it. */
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

/**
 * Returns the text of the configuration page.
 * @param fields `configFields` of src/config-fields.ts.
 */
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

/** Returns the overview's table of what each connector can do, with links to the connectors' pages. */
function allCapabilities(connectors) {
  return rowsAsTable([
    ['Platform', 'Events come in', ...Object.values(abilities)],
    ...connectors.map(({ name, title, inbound, capabilities: of }) => [
      `[${title}](${name}.md)`,
      inbound === undefined ? 'no' : 'yes',
      ...Object.keys(abilities).map((key) => of[key].level),
    ]),
  ]);
}

/** Returns the table of what one connector can do in full or in part. */
function capabilities({ capabilities: of }) {
  const done = Object.entries(abilities).filter(([key]) => ['full', 'partial'].includes(of[key].level));
  return rowsAsTable([['Capability', 'Level'], ...done.map(([key, ability]) => [ability, of[key].level])]);
}

const forms = {
  strike: 'Struck-out text',
  code: 'Code',
  codeBlock: 'Code blocks',
  heading: 'Headings',
  list: 'Lists',
  quote: 'Quotes',
  table: 'Tables',
  rule: 'Rules',
};

/** What a platform shows instead of a form of text that it does not keep, in words. */
const shownAs = {
  text: 'shown as plain text',
  'no back-ticks': 'shown as plain text where it contains a back-tick',
  'no language': 'shown without a language',
  'three levels': 'shown in three levels at most',
  'one level': 'shown in one level',
  strong: 'shown as strong text',
  'code block': 'shown as code blocks',
};

/**
 * Returns a list of the capabilities of a connector that are not full, with their reasons, and of the forms of text
 * that the platform does not keep.
 */
function lacks({ capabilities: of, keeps = {} }) {
  const abilitiesLost = Object.entries(abilities)
    .filter(([key]) => of[key].level !== 'full')
    .map(([key, ability]) => `- **${ability}** (${of[key].level}): ${of[key].why}`);
  const formsLost = Object.entries(forms)
    .filter(([key]) => (keeps[key] ?? 'kept') !== 'kept')
    .map(([key, form]) => `- **${form}**: ${shownAs[keeps[key]]}.`);
  return [...abilitiesLost, ...formsLost].join('\n');
}

/** Returns the overview's table of what each platform shows for the forms of text. Webhooks get the text unchanged. */
function allForms(connectors) {
  const chats = connectors.filter(({ keeps }) => keeps !== undefined);
  return rowsAsTable([
    ['Form', ...chats.map(({ title }) => title)],
    ...Object.entries(forms).map(([key, form]) => [form, ...chats.map(({ keeps }) => keeps[key])]),
  ]);
}

/** Returns the table of a connector's settings or address. Leaves out planned fields, because using one is an error. */
function fieldTable(fields) {
  return rowsAsTable([
    ['Field', 'Kind', 'Required', 'Default', 'Meaning'],
    ...fields
      .filter(({ planned }) => planned !== true)
      .map(({ key, kind, required, default: value, description }) => [
        `\`${key}\``,
        kind,
        required ? 'yes' : 'no',
        value === undefined ? '' : `\`${value}\``,
        description.replaceAll('|', '\\|'),
      ]),
  ]);
}

/**
 * Returns a page with new text between its marks.
 * @param parts the text of each part, by the name in its marks.
 * @throws Error when the page lacks the marks of a part.
 */
function pageWithParts(path, parts) {
  let page = readFileSync(path, 'utf8');
  for (const [name, text] of Object.entries(parts)) {
    const [begin, end] = [`<!-- made by scripts/docs.mjs: ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${path} has no part "${name}"`);
    page = `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
  }
  return page;
}

/** Returns the pages about connectors with their new parts: an overview, and one page for each connector. */
function connectorPages(connectors) {
  const overview = { capabilities: allCapabilities(connectors), 'forms of text': allForms(connectors) };
  const partsOf = (connector) => ({
    settings: fieldTable(connector.settings),
    address: fieldTable(connector.address),
    capabilities: capabilities(connector),
    lacks: lacks(connector),
  });
  const pages = [['README', overview], ...connectors.map((connector) => [connector.name, partsOf(connector)])];
  return Object.fromEntries(
    pages.map(([name, parts]) => {
      const path = `docs/connectors/${name}.md`;
      return [path, pageWithParts(path, parts)];
    }),
  );
}

/**
 * Returns the table of the named retry policies.
 * @param retry the module src/domain/retry.ts.
 */
function retryPolicyTable({ retryPolicies, defaultRetryPolicy }, formatDuration) {
  return rowsAsTable([
    ['Policy', 'Attempts', 'First wait', 'Longest wait', 'Deadline, from the first attempt'],
    ...Object.values(retryPolicies).map(({ name, maxAttempts, initialIntervalMs, maxIntervalMs, deadlineMs }) => [
      `\`${name}\`${name === defaultRetryPolicy ? ' (default)' : ''}`,
      String(maxAttempts),
      ...[initialIntervalMs, maxIntervalMs, deadlineMs].map(formatDuration),
    ]),
  ]);
}

/** The page of all reason codes, one table for each group. Each code is an anchor, such as `reasons.md#http_404`. */
function reasonsPage({ reasonGroups, isFamily, membersOf }, { reasonKinds }, connectors) {
  const titleOf = (name) => connectors.find((connector) => connector.name === name).title;
  const codeOf = (code) => `<a id="${code.replaceAll('*', '')}"></a>\`${code}\``;
  const meaningOf = (code, { meaning }) => {
    const members = isFamily(code) ? membersOf(code).map((one) => `\`${one}\``) : [];
    return members.length === 0 ? meaning : `${meaning} Known: ${members.join(', ')}.`;
  };
  const groupTable = (group) => {
    const entries = Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1));
    const platformsOf = ([, { connectors: names = [] }]) => names.map(titleOf).join(', ');
    const isMixed = new Set(entries.map(platformsOf)).size > 1;
    return rowsAsTable([
      ['Code', 'Kind', 'Affects', ...(isMixed ? ['Platforms'] : []), 'Meaning', 'Usual cause', 'What to do'],
      ...entries.map(([code, entry]) => [
        codeOf(code),
        entry.kind,
        entry.affects,
        ...(isMixed ? [platformsOf([code, entry])] : []),
        ...[meaningOf(code, entry), entry.cause, entry.action].map((text) => text.replaceAll('|', '\\|')),
      ]),
    ]);
  };
  const head = [
    '# Reasons',
    '<!-- Made by `node scripts/docs.mjs` from src/domain/reasons.ts. Do not edit. -->',
    'Every `code` in a `reason`, in `degraded`, of an attempt, of a gate, of a subscription and in the inbox is explained here, and by `GET /v1/reasons`; `GET /v1/reasons?code=http_503` explains one. The codes of errors of the API are others: [openapi.json](openapi.json) has them.',
    'A code with a `*` is a family: the star stands for any text, such as a status or a word of the platform. A code that has a row of its own is described by that row alone.',
    '**Affects** says what a code usually speaks of. `message`: this message only. `destination` and `connection`: everything that goes there. A permanent failure pauses the destination or the connection that it affects.',
    'A delivery that was given up says in `code`, `message` and `status` what the last answer was, and in `gaveUp` why there is no further attempt: `attempts_exhausted` (the policy has no attempt left), `deadline_exceeded` (its time is over, or the next attempt would come after it) or `permanent` (the answer will not change).',
    rowsAsTable([['Kind', 'Where'], ...Object.entries(reasonKinds).map(([kind, text]) => [`\`${kind}\``, text])]),
  ];
  const parts = Object.entries(reasonGroups).flatMap(([title, group]) => [`## ${title}`, groupTable(group)]);
  return `${[...head, ...parts].join('\n\n')}\n`;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { configFields } = await import('../dist/src/config-fields.js');
const { connectors } = await import('../dist/src/connectors/registry.js');
const reasons = await import('../dist/src/domain/reasons.js');
const reasonEntry = await import('../dist/src/domain/reasons/entry.js');
const { renderOpenApi } = await import('../dist/src/api/openapi-file.js');
const retry = await import('../dist/src/domain/retry.js');
const { formatDuration } = await import('../dist/src/domain/retry-input.js');
const architecturePage = 'docs/architecture.md';
const pages = {
  'docs/configuration.md': configurationPage(configFields),
  'docs/reasons.md': reasonsPage(reasons, reasonEntry, connectors),
  'docs/openapi.json': await renderOpenApi(),
  ...connectorPages(connectors),
  [architecturePage]: pageWithParts(architecturePage, { 'retry policies': retryPolicyTable(retry, formatDuration) }),
};
for (const [page, wanted] of Object.entries(pages))
  if (!process.argv.includes('--check')) writeFileSync(page, wanted);
  else if (readFileSync(page, 'utf8') !== wanted) {
    console.error(`${page} is not what the sources say: run \`npm run build && node scripts/docs.mjs\``);
    process.exitCode = 1;
  }
