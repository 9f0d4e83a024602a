import type { Link, PhrasingContent, Root } from 'mdast';

/**
 * Who is mentioned. In the stored Markdown a link of our own scheme, `[@Ann](mention:acme-slack/U0ANN)`, which no
 * platform's text can become: links are read from them with `safeUrl` only.
 */
export type Mention =
  /** By the id that a connection's platform has for them. */
  | { readonly kind: 'native'; readonly connection: string; readonly id: string }
  /** By address, as a caller of the API knows them. */
  | { readonly kind: 'email'; readonly email: string }
  /** Everybody in the room. */
  | { readonly kind: 'all' };

const scheme = 'mention:';

/** The text that names a mention, and by which `Outgoing.people` knows it. */
export function mentionRef(mention: Mention): string {
  switch (mention.kind) {
    case 'all':
      return `${scheme}all`;
    case 'email':
      return `${scheme}${encodeURIComponent(mention.email)}`;
    case 'native':
      return `${scheme}${encodeURIComponent(mention.connection)}/${encodeURIComponent(mention.id)}`;
  }
}

export function parseMentionRef(ref: string): Mention | undefined {
  if (!ref.startsWith(scheme)) return undefined;
  try {
    const [first = '', second, ...more] = ref.slice(scheme.length).split('/').map(decodeURIComponent);
    if (more.length > 0 || first === '') return undefined;
    if (second !== undefined) return second === '' ? undefined : { kind: 'native', connection: first, id: second };
    if (first === 'all') return { kind: 'all' };
    return first.includes('@') ? { kind: 'email', email: first } : undefined;
  } catch {
    // Not percent-encoded text: somebody wrote it by hand.
    return undefined;
  }
}

/** @param label without the `@`. */
export function mentionNode(mention: Mention, label: string): Link {
  return { type: 'link', url: mentionRef(mention), children: [{ type: 'text', value: `@${label}` }] };
}

/** The mention that a link is, with its label without the `@`; undefined where it is an ordinary link. */
export function mentionOf(node: Link): { ref: string; mention: Mention; label: string } | undefined {
  const mention = parseMentionRef(node.url);
  if (mention === undefined) return undefined;
  return { ref: mentionRef(mention), mention, label: textOf(node.children).replace(/^@/, '') || 'somebody' };
}

/** All that a text mentions, each once. */
export function mentionsIn(tree: Root): { ref: string; mention: Mention; label: string }[] {
  const found = new Map<string, { ref: string; mention: Mention; label: string }>();
  const visit = (node: { type: string; children?: readonly unknown[] }): void => {
    const one = node.type === 'link' ? mentionOf(node as Link) : undefined;
    if (one !== undefined) found.set(one.ref, one);
    for (const child of node.children ?? []) visit(child as { type: string });
  };
  visit(tree);
  return [...found.values()];
}

/** The text of a run, without its styles. */
export function textOf(nodes: readonly PhrasingContent[]): string {
  return nodes
    .map((node) => {
      if ('value' in node) return node.value;
      if ('children' in node) return textOf(node.children);
      return node.type === 'break' ? '\n' : node.type === 'image' ? (node.alt ?? '') : '';
    })
    .join('');
}

/**
 * A link's target as it came from a platform: web, mail and telephone addresses only. A scheme of ours, or one that runs
 * code, is no link.
 */
export function safeUrl(url: string): string | undefined {
  return /^(?:https?:\/\/|mailto:|tel:)/i.test(url) && URL.canParse(url) ? url : undefined;
}
