import type { PhrasingContent } from 'mdast';
import type { Attachment } from '../../domain/message.ts';
import { writeMarkdown } from './markdown.ts';
import { safeUrl } from './mention.ts';

/**
 * Appends one line per file to the Markdown, for platforms to which files are not uploaded. A line contains the file's
 * name as a link to the page on which people with access can view it.
 */
export function appendFileLinks(markdown: string, files: readonly Attachment[]): string {
  if (files.length === 0) return markdown;
  const children = files.flatMap((file, index): PhrasingContent[] => [
    ...(index === 0 ? [] : [{ type: 'break' as const }]),
    { type: 'text', value: '📎 ' },
    linkOf(file),
  ]);
  const lines = writeMarkdown({ type: 'root', children: [{ type: 'paragraph', children }] });
  return markdown === '' ? lines : `${markdown}\n\n${lines}`;
}

function linkOf({ name, page }: Attachment): PhrasingContent {
  const url = page === undefined ? undefined : safeUrl(page);
  const text = { type: 'text' as const, value: name };
  return url === undefined ? text : { type: 'link', url, children: [text] };
}
