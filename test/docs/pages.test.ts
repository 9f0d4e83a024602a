import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configFields } from '../../src/config-fields.ts';

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'test/rollout', 'tools'].flatMap(pagesIn),
];
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/**
 * Returns the anchors of a page: those that it sets itself, and those that GitHub makes of headings, in lower case,
 * without punctuation, with hyphens for spaces.
 */
function anchors(page: string): string[] {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = '']) => id)];
}

describe.each(pages)('%s', (name) => {
  const page = read(name);

  it(`${name} links only to files and headings that exist`, () => {
    const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? name : join(dirname(name), path);
      expect({ link, found: existsSync(join(root, target)) }).toEqual({ link, found: true });
      if (anchor !== undefined) expect(anchors(read(target))).toContain(anchor);
    }
  });

  it(`${name} names only files that exist`, () => {
    const paths = [
      ...page.matchAll(/`((?:\.ci|bench|deploy|docs|migrations|scripts|src|test|tools)\/[\w./-]*)(?:[^`\n]*)`/g),
    ].map(([, path = '']) => path);
    for (const path of paths) expect({ path, found: existsSync(join(root, path)) }).toEqual({ path, found: true });
  });

  it(`${name} names only npm scripts of package.json`, () => {
    const named = [...page.matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)].map(([, script = '']) => script);
    const ofNpm = ['ci', 'install', 'run', 'audit', 'test', 'start'];
    for (const script of named) expect([...Object.keys(scripts), ...ofNpm]).toContain(script);
  });

  it(`${name} names only variables that the program or its tests read`, () => {
    const support = readdirSync(join(root, 'test/support'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`test/support/${file}`));
    const known = [
      ...configFields.map(({ name: field }) => field as string),
      ...support.flatMap((text) => text.match(/\bCARILLON_[A-Z_]*[A-Z]\b/g) ?? []),
    ];
    for (const [variable] of page.matchAll(/\bCARILLON_[A-Z_]*[A-Z]\b/g)) expect(known).toContain(variable);
  });
});

describe('the generated parts of the docs', () => {
  it('the docs that are generated from the code are current', () => {
    execFileSync(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: root });
  });
});

describe('docs/README.md', () => {
  it('docs/README.md lists every page', () => {
    const index = read('docs/README.md');
    for (const page of readdirSync(join(root, 'docs')))
      if (page !== 'README.md' && /\.(md|json)$/.test(page)) expect(index).toContain(`](${page})`);
  });
});

/** Returns the headings of the second level of a page, without their `##`. */
const sections = (page: string): string[] => [...page.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);

describe('docs/when-things-fail.md', () => {
  it('docs/when-things-fail.md lists all of its sections at its top, in their order', () => {
    const page = read('docs/when-things-fail.md');
    const listed = [...page.matchAll(/^- \[(.*)\]\(#.*\)$/gm)].map(([, title = '']) => title);
    expect(listed).toEqual(sections(page));
  });
});

describe('what Carillon cannot do yet', () => {
  const phrases = [
    /\bnot (?:there |supported |implemented |available )?yet\b/i,
    /\bwill (?:come|follow)\b/i,
    /\b(?:is|are) planned\b/i,
    /\b(?:coming|available) soon\b/i,
    /\bin a (?:later|future) version\b/i,
  ];
  /** Removes the API's error code, which every page may name. */
  const withoutCode = (page: string): string => page.replaceAll('`not_yet_supported`', '');
  const section = /^## Not there yet\n[\s\S]*?(?=^## )/m;

  it('README.md has a section that says what Carillon cannot do yet', () => {
    expect(section.exec(read('README.md'))?.[0]).toContain('not_yet_supported');
  });

  it.each(pages)('no page says what Carillon cannot do yet, except that section of README.md: %s', (name) => {
    const page = name === 'README.md' ? read(name).replace(section, '') : read(name);
    const found = withoutCode(page)
      .split('\n')
      .filter((line) => phrases.some((phrase) => phrase.test(line)));
    expect(found).toEqual([]);
  });
});
