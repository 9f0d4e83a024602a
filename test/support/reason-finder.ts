import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

/** A code that a source file can produce. A `*` stands for a part that is only known at run time. */
export interface FoundCode {
  readonly code: string;
  readonly file: string;
}

/** A node of the syntax tree, as `@swc/core` gives it. */
type Node = Readonly<Record<string, unknown>> & { readonly type: string };
type Visit = (node: Node, parents: readonly Node[]) => void;

interface Source {
  readonly file: string;
  readonly tree: Node;
  /** Constants that hold one text, by name. */
  readonly texts: ReadonlyMap<string, Node>;
}

/** The types that hold reason codes. What is annotated with one of them produces codes. */
const codeTypes = ['ReasonCode', 'HttpErrorCode', 'RefusalCode', 'UsedUp'];

/**
 * Finds the reason codes that sources produce, by what a code looks like in them: a property `code`, `codes` or
 * `ignored`; an argument for a parameter of one of `codeTypes`; what is annotated with one of those types; a union of
 * texts that describes a `code`; and JSON in SQL.
 * Words of a platform that a connector turns into codes, such as `M_FORBIDDEN` or 300, come as they are written.
 * @param files paths below `root`.
 */
export function findCodes(root: string, files: readonly string[]): FoundCode[] {
  const sources = files.map((file) => parse(file, readFileSync(`${root}/${file}`, 'utf8')));
  return codesOf(sources);
}

/** As `findCodes`, of one file whose text is given. */
export const findCodesInText = (text: string): FoundCode[] => codesOf([parse('text.ts', text)]);

function parse(file: string, text: string): Source {
  const tree = parseSync(text, { syntax: 'typescript', target: 'es2022' }) as unknown as Node;
  const texts = new Map<string, Node>();
  walk(tree, (node) => {
    const { id, init } = node as { id?: Node; init?: Node };
    if (node.type === 'VariableDeclarator' && id?.type === 'Identifier' && init?.type === 'StringLiteral')
      texts.set(String(id['value']), init);
  });
  return { file, tree, texts };
}

function codesOf(sources: readonly Source[]): FoundCode[] {
  const shared = new Map(sources.flatMap(({ texts }) => [...texts]));
  const makers = new Map(sources.flatMap(({ tree }) => makersIn(tree)));
  return sources.flatMap(({ file, tree, texts }) => {
    const found = new Set<string>();
    const add = (node: unknown): void => {
      for (const code of textsOf(node, (name) => texts.get(name) ?? shared.get(name))) found.add(code);
    };
    walk(tree, (node, parents) => collect(node, parents, makers, add));
    walk(tree, (node) => {
      if (node.type === 'TemplateLiteral') for (const code of codesInSql(node)) found.add(code);
    });
    return [...found].filter((code) => /^[\w*]+$/.test(code) && code !== '*').map((code) => ({ code, file }));
  });
}

function collect(
  node: Node,
  parents: readonly Node[],
  makers: ReadonlyMap<string, number>,
  add: (node: unknown) => void,
) {
  switch (node.type) {
    case 'KeyValueProperty': {
      // How a platform shows code in a text is called `code`, too.
      const isOfText = parents.some((one) => one.type === 'KeyValueProperty' && nameOf(one['key']) === 'keeps');
      if (['code', 'codes', 'ignored'].includes(nameOf(node['key'])) && !isOfText) add(node['value']);
      return;
    }
    // `{ code }`
    case 'Identifier':
      if (nameOf(node) === 'code' && parents.at(-1)?.type === 'ObjectExpression') add(node);
      return;
    case 'CallExpression': {
      const index = makers.get(nameOf(node['callee']));
      const given = (node['arguments'] as { expression: Node }[])[index ?? -1];
      if (given !== undefined) add(given.expression);
      return;
    }
    case 'VariableDeclarator':
      if (isCodeType((node['id'] as Node)['typeAnnotation'])) add(node['init']);
      return;
    case 'FunctionDeclaration':
    case 'ArrowFunctionExpression':
      if (isCodeType(node['returnType'])) addReturned(node['body'] as Node, add);
      return;
    case 'TsAsExpression':
      if (nameOf(node['expression']) === 'word') add(node['typeAnnotation']);
      return;
    case 'TsPropertySignature':
    case 'ClassProperty':
      if (nameOf(node['key']) === 'code') add(node['typeAnnotation']);
      return;
    case 'TsTypeAliasDeclaration':
      if (codeTypes.includes(nameOf(node['id']))) add(node['typeAnnotation']);
      return;
    default:
  }
}

function addReturned(body: Node, add: (node: unknown) => void): void {
  if (!('stmts' in body)) return add(body);
  walk(body, (node) => {
    if (node.type === 'ReturnStatement') add(node['argument']);
  });
}

/** The functions that take a code, with the place of that parameter. */
function makersIn(tree: Node): [string, number][] {
  const found: [string, number][] = [];
  const take = (name: string, params: unknown): void => {
    const index = (params as Node[]).findIndex((param) => {
      const pattern = (param['pat'] as Node | undefined) ?? param;
      return isCodeType(pattern['typeAnnotation']);
    });
    if (index >= 0) found.push([name, index]);
  };
  walk(tree, (node) => {
    if (node.type === 'FunctionDeclaration') take(nameOf(node['identifier']), node['params']);
    const init = node['init'] as Node | null | undefined;
    if (node.type === 'VariableDeclarator' && init?.type === 'ArrowFunctionExpression')
      take(nameOf(node['id']), init['params']);
  });
  return found;
}

function isCodeType(annotation: unknown): boolean {
  let is = false;
  walk(annotation, (node) => {
    is ||= node.type === 'TsTypeReference' && codeTypes.includes(nameOf(node['typeName']));
  });
  return is;
}

/** The texts that an expression, or a type, can be. What is computed in another way counts for nothing here. */
function textsOf(value: unknown, constant: (name: string) => Node | undefined): string[] {
  const of = (...nodes: unknown[]): string[] => nodes.flatMap((one) => textsOf(one, constant));
  if (value === null || typeof value !== 'object') return [];
  const node = value as Node;
  switch (node.type) {
    case 'StringLiteral':
      return [String(node['value'])];
    case 'NumericLiteral':
      return [String(node['value'])];
    case 'TemplateLiteral':
      return [(node['quasis'] as Node[]).map(({ raw }) => raw).join('*')];
    case 'Identifier':
      return of(constant(nameOf(node)));
    case 'ConditionalExpression':
      return of(node['consequent'], node['alternate']);
    case 'BinaryExpression':
      return ['??', '||'].includes(String(node['operator'])) ? of(node['left'], node['right']) : [];
    case 'ArrayExpression':
      return of(...(node['elements'] as { expression: Node }[]).map(({ expression }) => expression));
    case 'TsUnionType':
      return of(...(node['types'] as Node[]));
    case 'TsLiteralType':
      return of(node['literal']);
    case 'TsTypeAnnotation':
      return of(node['typeAnnotation']);
    case 'ParenthesisExpression':
    case 'TsAsExpression':
    case 'TsConstAssertion':
    case 'TsSatisfiesExpression':
      return of(node['expression'], node['typeAnnotation']);
    default:
      return [];
  }
}

/** `"code": "x"` of a JSON text, `'code', 'x'` of an object that SQL builds, `code = 'x'`, and `case … end as code`. */
function codesInSql({ quasis }: Node): string[] {
  const text = (quasis as Node[]).map(({ raw }) => raw).join(' ');
  const cases = [...text.matchAll(/\bcase\b((?:(?!\bcase\b).)*?)end as code\b/gs)].map(([, body = '']) => body);
  const plain = /"code": "(\w+)"|'code', '(\w+)'|\bcode = '(\w+)'/g;
  return [
    ...[...text.matchAll(plain)].flatMap(([, ...codes]) => codes),
    ...cases.flatMap((body) => [...body.matchAll(/\b(?:then|else) '(\w+)'/g)].map(([, code]) => code)),
  ].filter((code) => code !== undefined);
}

/** The text of an identifier or a literal; empty for anything else. */
function nameOf(node: unknown): string {
  const value = (node as Node | null | undefined)?.['value'];
  return typeof value === 'string' ? value : '';
}

function walk(value: unknown, visit: Visit, parents: readonly Node[] = []): void {
  if (Array.isArray(value)) {
    for (const one of value) walk(one, visit, parents);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const isNode = typeof (value as { type?: unknown }).type === 'string';
  if (isNode) visit(value as Node, parents);
  const below = isNode ? [...parents, value as Node] : parents;
  for (const one of Object.values(value)) walk(one, visit, below);
}
