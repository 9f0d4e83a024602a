/**
 * How a platform shows the forms of Markdown that not every platform has. Every platform keeps strong, emphasis and
 * links, and shows a picture as a link to it. The docs print this table, and the tests of the formats expect it.
 */
export interface Kept {
  readonly strike: 'kept' | 'text';
  readonly code: 'kept' | 'no back-ticks' | 'text';
  readonly codeBlock: 'kept' | 'no language' | 'text';
  readonly heading: 'kept' | 'three levels' | 'strong';
  readonly list: 'kept' | 'one level' | 'text';
  readonly quote: 'kept' | 'one level' | 'text';
  readonly table: 'kept' | 'code block' | 'text';
  readonly rule: 'kept' | 'text';
}
