/**
 * What a platform keeps of the forms that Markdown has, where less than all: how it is shown instead. Strong, emphasis and
 * links are kept everywhere, and a picture is a link to it. Shown in the docs, and what the tests of the formats go by.
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
