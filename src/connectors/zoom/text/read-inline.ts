import type { PhrasingContent } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { mentionNode, safeUrl } from '../../text/mention.ts';

/** A range of the text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
export interface StyleSpan extends Span {
  readonly style: 'strong' | 'emphasis' | 'delete';
}
export interface LinkSpan extends Span {
  readonly url: string;
}
export interface MentionSpan extends Span {
  /** The user's id; absent if everyone in the channel is mentioned. */
  readonly id?: string;
}
/** The formats of a text that apply to characters, and not to whole lines. */
export interface InlineSpans {
  readonly styles: readonly StyleSpan[];
  readonly links: readonly LinkSpan[];
  readonly mentions: readonly MentionSpan[];
}

const bits = { strong: 1, emphasis: 2, delete: 4 } as const;
const styles = ['strong', 'emphasis', 'delete'] as const;

/** Consecutive characters with the same formats. */
interface Run extends Span {
  readonly bits: number;
  readonly link?: LinkSpan;
  readonly mention?: MentionSpan;
}

/** Reads a line, or a part of one, as inline content. */
export function readLine(text: string, line: Span, spans: InlineSpans, connection: ConnectionId): PhrasingContent[] {
  return nest(text, runsOf(text, line, spans), 0, connection);
}

/** Works character by character, because formats may overlap in any way and a line is short. */
function runsOf(text: string, line: Span, spans: InlineSpans): Run[] {
  const length = line.end - line.start;
  const flags = new Uint8Array(length);
  const links: (LinkSpan | undefined)[] = [];
  const mentions: (MentionSpan | undefined)[] = [];
  const each = (span: Span, mark: (index: number) => void): void => {
    const last = Math.min(span.end, line.end) - line.start;
    for (let index = Math.max(span.start, line.start) - line.start; index < last; index += 1) mark(index);
  };
  for (const one of spans.styles) each(one, (index) => (flags[index] = (flags[index] ?? 0) | bits[one.style]));
  for (const one of spans.links) each(one, (index) => (links[index] = one));
  // A mention wins over a link at the same characters.
  for (const one of spans.mentions) each(one, (index) => ((mentions[index] = one), (links[index] = undefined)));
  for (const style of styles) trimStyle(text.slice(line.start, line.end), flags, bits[style]);
  const runs: Run[] = [];
  for (let index = 0; index < length; index += 1) {
    const [link, mention] = [links[index], mentions[index]];
    const last = runs.at(-1);
    const at = line.start + index;
    const own = flags[index] ?? 0;
    const isSame = last?.bits === own && last.link === link && last.mention === mention;
    // A format that ends inside a surrogate pair is extended to the end of the pair.
    const isTail = /[\uDC00-\uDFFF]/.test(text[at] ?? '') && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '');
    if (last !== undefined && (isSame || isTail)) runs[runs.length - 1] = { ...last, end: at + 1 };
    else runs.push({ start: at, end: at + 1, bits: own, ...(link && { link }), ...(mention && { mention }) });
  }
  return runs;
}

/**
 * Removes a style from white space at its ends, which Markdown cannot express. A style also ends where a style around
 * it ends.
 * @param bit the bit of the style. Styles with lower bits go around it.
 */
function trimStyle(text: string, flags: Uint8Array, bit: number): void {
  const around = bit * 2 - 1;
  const at = (index: number): number => (flags[index] ?? 0) & around;
  const clear = (from: number, end: number, step: 1 | -1): void => {
    for (let index = from; index !== end && /\s/.test(text[index] ?? ''); index += step)
      flags[index] = (flags[index] ?? 0) & ~bit;
  };
  for (let start = 0, end = 0; start < flags.length; start = end) {
    for (end = start; end < flags.length && at(end) === at(start);) end += 1;
    if ((at(start) & bit) === 0) continue;
    clear(end - 1, start - 1, -1);
    clear(start, end, 1);
  }
}

/**
 * Builds the nesting: styles that adjacent runs share go around them, one style after the other; inside them are links
 * and mentions.
 */
function nest(text: string, runs: readonly Run[], level: number, connection: ConnectionId): PhrasingContent[] {
  const style = styles[level];
  const groups: Run[][] = [];
  for (const run of runs) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && isAlike(last, run, level)) groups.at(-1)?.push(run);
    else groups.push([run]);
  }
  return groups.flatMap((group): PhrasingContent[] => {
    const [first] = group;
    if (first === undefined) return [];
    if (style !== undefined) {
      const inner = nest(text, group, level + 1, connection);
      return (first.bits & bits[style]) === 0 ? inner : [{ type: style, children: inner }];
    }
    const value = text.slice(first.start, group.at(-1)?.end);
    if (first.mention !== undefined) return readMention(value, first.mention, connection);
    if (first.link === undefined || value.trim() === '') return [{ type: 'text', value }];
    return [{ type: 'link', url: first.link.url, children: [{ type: 'text', value }] }];
  });
}

function isAlike(a: Run, b: Run, level: number): boolean {
  const style = styles[level];
  if (style === undefined) return a.link === b.link && a.mention === b.mention;
  return (a.bits & bits[style]) === (b.bits & bits[style]);
}

function readMention(value: string, { id }: MentionSpan, connection: ConnectionId): PhrasingContent[] {
  const label = value.trim().replace(/^@/, '');
  if (label === '') return [{ type: 'text', value }];
  return [mentionNode(id === undefined ? { kind: 'all' } : { kind: 'native', connection, id }, label)];
}

/** The target of an `AddLink`; undefined if its scheme is not safe. */
export function linkTarget(url: string | undefined): string | undefined {
  return url === undefined ? undefined : safeUrl(url);
}
