import type { Link, PhrasingContent, Root } from 'mdast';

/**
 * A person who is mentioned. In the stored Markdown a mention is a link with our own scheme,
 * `[@Ann](mention:acme-slack/U0ANN)`. Text from a platform cannot contain one, because its links are read only with
 * `safeUrl`.
 */
export type Mention =
  /** A person named by their id on a connection's platform. */
  | { readonly kind: 'native'; readonly connection: string; readonly id: string }
  /** A person named by e-mail address, which is what a caller of the API knows. */
  | { readonly kind: 'email'; readonly email: string }
  /** Everyone in the room. */
  | { readonly kind: 'all' };

const scheme = 'mention:';

/** The URL of a mention's link, which is also its key in `Outgoing.people`. */
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

/** Reads what `mentionRef` wrote; undefined if the text is not the URL of a mention. */
export function parseMentionRef(ref: string): Mention | undefined {
  if (!ref.startsWith(scheme)) return undefined;
  try {
    const [first = '', second, ...more] = ref.slice(scheme.length).split('/').map(decodeURIComponent);
    if (more.length > 0 || first === '') return undefined;
    if (second !== undefined) return second === '' ? undefined : { kind: 'native', connection: first, id: second };
    if (first === 'all') return { kind: 'all' };
    return first.includes('@') ? { kind: 'email', email: first } : undefined;
  } catch {
    // Not valid percent-encoding, so the link was written by hand.
    return undefined;
  }
}

/** @param label without the `@`. */
export function mentionNode(mention: Mention, label: string): Link {
  return { type: 'link', url: mentionRef(mention), children: [{ type: 'text', value: `@${label}` }] };
}

/** The mention that a link stands for, with its label without the `@`; undefined if it is an ordinary link. */
export function mentionOf(node: Link): { ref: string; mention: Mention; label: string } | undefined {
  const mention = parseMentionRef(node.url);
  if (mention === undefined) return undefined;
  return { ref: mentionRef(mention), mention, label: textOf(node.children).replace(/^@/, '') || 'somebody' };
}

/** All mentions of a text, each once. */
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

/** The text of inline nodes without their styles. */
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
 * Accepts a link target that came from a platform if it is a web, mail or telephone address. Returns undefined for all
 * other schemes, such as our own `mention:` or one that runs code.
 */
export function safeUrl(url: string): string | undefined {
  return /^(?:https?:\/\/|mailto:|tel:)/i.test(url) && URL.canParse(url) ? url : undefined;
}
