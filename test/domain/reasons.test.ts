import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { problems } from '../../src/api/errors.ts';
import { meaningOf as googleMeaning } from '../../src/connectors/google-chat/errors.ts';
import type { Meaning } from '../../src/connectors/http/answer.ts';
import { meaningOf as matrixMeaning } from '../../src/connectors/matrix/errors.ts';
import { meaningOf as teamsMeaning } from '../../src/connectors/msteams/errors.ts';
import { findConnector } from '../../src/connectors/registry.ts';
import { meaningOf as slackMeaning } from '../../src/connectors/slack/errors.ts';
import { meaningOf as zoomMeaning } from '../../src/connectors/zoom/errors.ts';
import { findReason, isFamily, membersOf, reasonGroups, reasons } from '../../src/domain/reasons.ts';
import { findCodes, findCodesInText } from '../support/reason-finder.ts';

const root = join(__dirname, '../..');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name}`);

/** The codes in these places are the API's problem codes and the errors of a caller's input: src/api/errors.ts. */
const ofTheApi = [
  /^src\/api\/(?!hooks\/hook-arrivals\.ts|routes\/gate-health\.ts)/,
  /^src\/connectors\/contract\/fields\.ts/,
  // What a job says of each message that it could not replay.
  /^src\/activities\/operate\/(?:replay-batch|work-job)\.ts/,
];
/** What is called a code in these places is something else. */
const notReasons = [
  /^src\/(?:domain\/reasons|observability|simulators|up)\b/,
  // What becomes of code in a text.
  /^src\/connectors\/(?:.*\/)?(?:text\/|contract\/kept\.ts)/,
];

const isIn = (places: readonly RegExp[]) => (file: string) => places.some((place) => place.test(file));
const produced = findCodes(
  root,
  sources.filter((file) => !isIn([...ofTheApi, ...notReasons])(file)),
).map(({ code, file }) => ({ code: asStored(code, file), file }));

/** The code that a connector makes of a platform's word. */
function asStored(word: string, file: string): string {
  if (file === 'src/connectors/zoom/errors.ts' && /^\d+$/.test(word))
    return zoomMeaning(Number(word), 400, 'create')?.code ?? word;
  if (file === 'src/connectors/matrix/errors.ts' && word.startsWith('M_'))
    return matrixMeaning(400, word)?.code ?? word;
  return word;
}

const keys = Object.keys(reasons);
const families = keys.filter(isFamily);
const isOfFamily = (code: string) => families.some((family) => family !== code && membersOf(family).includes(code));

describe('the table of reasons', () => {
  it('has every code that the sources can produce', () => {
    const missing = produced.filter(({ code }) => !Object.hasOwn(reasons, code) && !isOfFamily(code));
    expect(missing).toEqual([]);
  });

  it('has no code that no source produces', () => {
    const codes = new Set(produced.map(({ code }) => code));
    // The sources make `http_*` of a status; the table says more of some statuses.
    const isMade = (key: string) => codes.has(key) || [...codes].some((one) => isFamily(one) && matches(key, one));
    expect(keys.filter((key) => !isMade(key))).toEqual([]);
  });

  it('has each code in one group only', () => {
    const inGroups = Object.values(reasonGroups).flatMap((group) => Object.keys(group));
    expect(inGroups.sort()).toEqual([...keys].sort());
  });

  it('shares a code with the API only where both mean the same', () => {
    const given = findCodes(root, sources.filter(isIn(ofTheApi))).map(({ code }) => code);
    const both = [...new Set([...Object.keys(problems), ...given])].filter((code) => findReason(code) !== undefined);
    expect(both.sort()).toEqual(['bad_request', 'deleted', 'unknown_connector']);
  });

  it('says of each code what it means, why it happens and what to do, in sentences', () => {
    const sentences = /^[^a-z].{6,}[^.]\.$/;
    const texts = Object.entries(reasons).flatMap(([code, { meaning, cause, action }]) =>
      [meaning, cause, action].map((text) => ({ code, text })),
    );
    expect(texts.filter(({ text }) => !sentences.test(text))).toEqual([]);
  });

  it.each<[keyof typeof reasonGroups, (code: string) => Meaning | undefined]>([
    ['Slack: posts', (code) => slackMeaning(code, 200)],
    ['Slack: channels and access', (code) => slackMeaning(code.replace(/^slack_/, ''), 200)],
    ['Microsoft Teams', (code) => teamsMeaning(pascalCase(code), 400, 'create')],
    ['Google Chat', (code) => googleMeaning(400, { error: { status: code.slice(7).toUpperCase() } }, true)],
    ['Zoom', (code) => zoomMeaning(Number(code.slice(5)), 400, 'create')],
    ['Matrix', (code) => matrixMeaning(400, code.replace('matrix_', 'M_').toUpperCase())],
  ])('%s: says of each code what the connector says that it affects', (group, meaningOf) => {
    const inBoth = Object.entries(reasonGroups[group]).flatMap(([code, { affects }]) => {
      const meaning = isFamily(code) ? undefined : meaningOf(code);
      return meaning?.code === code ? [{ code, table: affects, connector: meaning.affects }] : [];
    });
    expect(inBoth.length).toBeGreaterThan(4);
    expect(inBoth.filter(({ table, connector }) => table !== connector)).toEqual([]);
  });

  it('names only connectors that there are, and members that have no entry of their own', () => {
    for (const entry of Object.values(reasons)) {
      for (const name of entry.connectors ?? []) expect(findConnector(name)).toBeDefined();
      for (const member of entry.members ?? []) expect(findReason(member)).toBe(entry);
    }
  });
});

const pascalCase = (code: string): string =>
  code.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());

/** Whether a code, or a family that is more special, can come of a pattern. */
function matches(key: string, pattern: string): boolean {
  const [start = '', end = ''] = pattern.split('*');
  return key.startsWith(start) && key.endsWith(end);
}

describe('a reason is found', () => {
  it('by its code, and else as a member of the family that fits best', () => {
    expect(findReason('http_404')).toBe(reasons.http_404);
    expect(findReason('http_418')).toBe(reasons['http_*']);
    expect(findReason('http_503')).toBe(reasons['http_5*']);
    expect(findReason('edit_dropped')).toBe(reasons['*_dropped']);
    expect(findReason('restricted_action')).toBe(reasons['restricted_action*']);
  });

  it('never for a code that nobody makes', () => {
    for (const code of ['', 'no_such_code', 'constructor', 'http']) expect(findReason(code)).toBeUndefined();
  });
});

describe('the finder of codes', () => {
  it.each([
    ['a property', `throw new SendFailure({ kind: 'permanent', code: 'brand_new', message });`],
    ['one of two', `const failure = { code: isNew ? 'brand_new' : other };`],
    ['a constant', `const news = 'brand_new'; export const failure = { code: news };`],
    ['a short property', `const code = 'brand_new'; export const failure = { code };`],
    ['a table of errors', `const rows = [{ kind: 'permanent', codes: ['brand_new'] }];`],
    ['an event that is ignored', `const event = { ignored: 'brand_new' };`],
    ['an argument', `const end = (code: ReasonCode, text: string) => code; end('brand_new', 'Gone.');`],
    ['an argument of a function', `function refuse(status: number, code: RefusalCode) {} refuse(401, 'brand_new');`],
    ['a result', `function notSaid(): ReasonCode | undefined { if (is) return 'brand_new'; return undefined; }`],
    ['a list', `const refusals: readonly ReasonCode[] = ['brand_new'];`],
    ['a union of texts', `interface Step { readonly do: 'park'; readonly code: 'brand_new' | 'older' }`],
    ['JSON in SQL', 'sql`update deliveries set reason = \'{"code": "brand_new", "message": "New."}\'`'],
    ['an object that SQL builds', `sql\`jsonb_build_object('code', 'brand_new', 'message', 'New.')\``],
    ['a case of SQL', `sql\`select case when g.held then 'brand_new' else 'rate' end as code from gates g\``],
  ])('finds a new code in %s', (_, text) => {
    expect(findCodesInText(text).map(({ code }) => code)).toContain('brand_new');
  });

  it('finds a code that is made of a part that only the run knows', () => {
    const text = 'const failure = { code: `platform_${word}` };';
    expect(findCodesInText(text).map(({ code }) => code)).toEqual(['platform_*']);
  });
});
