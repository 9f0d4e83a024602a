import type { Outgoing } from '../connectors/contract/connector.ts';
import { parseMarkdown, plainTree, writeMarkdown } from '../connectors/text/markdown.ts';
import { plainText } from '../connectors/text/plain.ts';
import { SendFailure, type Reason } from '../domain/failure.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';
import { withLinks } from './file-posts.ts';
import type { GatheredFiles } from './gather-files.ts';
import { identify } from './identify.ts';
import { planPost, type PlannedPost } from './post-plan.ts';

/** What a call to a connector gave: a value, or the failure that says why there is none. */
export type Result<T> = { readonly value: T } | { readonly failure: SendFailure };

/** An attempt that is ready to be claimed. */
export interface Prepared {
  readonly plan: AttemptPlan;
  readonly post: PlannedPost;
  /** The request as the connector wrote it; `degraded` where it had to be written as plain text. */
  readonly rendered: Result<{ readonly request: unknown; readonly degraded?: Reason }>;
}

/**
 * Everything that comes before the claim (L1): the post is planned, people are looked up and the connector renders it.
 * It makes and changes no post, so its failures are never ambiguous. A message that cannot be rendered with its markup
 * is rendered as plain text.
 */
export async function prepare(deps: DeliverDeps, plan: AttemptPlan, files: GatheredFiles): Promise<Prepared> {
  const planned = await connectorResult('transient', () => identifiedPost(deps, plan, files));
  if ('failure' in planned) return { plan, post: { outgoing: plan.whole, degraded: plan.degraded }, rendered: planned };
  return { plan, post: planned.value, rendered: await render(plan, planned.value) };
}

/**
 * A fresh split depends on the names of people, because names take room: so they are looked up for the whole message.
 * Where the split is pinned (L4), only the people of the post that is sent are looked up.
 */
async function identifiedPost(deps: DeliverDeps, plan: AttemptPlan, files: GatheredFiles): Promise<PlannedPost> {
  if (!plan.entry.isPinned) return planPost(plan, await identify(deps, plan, plan.whole), files);
  const post = planPost(plan, plan.whole, files);
  return { ...post, outgoing: await identify(deps, plan, post.outgoing) };
}

function render({ entry, connector, context }: AttemptPlan, { outgoing }: PlannedPost): Promise<Prepared['rendered']> {
  const sendContext = { ...context, attempt: entry.view.attempts + 1 };
  return connectorResult('transient', async () => {
    try {
      return { request: await connector.prepare(outgoing, sendContext) };
    } catch (error) {
      if (error instanceof SendFailure || !canBePlain(outgoing)) throw error;
      const message = `The markup could not be written for ${connector.title}, so the message was sent as plain text.`;
      return {
        request: await connector.prepare(asPlain(outgoing), sendContext),
        degraded: { code: 'plain_text', message },
      };
    }
  });
}

export const canBePlain = ({ action }: Outgoing): boolean => action.kind === 'create' || action.kind === 'edit';

/** The same words without any markup; a link in place of a file. */
export function asPlain({ file, ...outgoing }: Outgoing): Outgoing {
  if (file !== undefined) return { ...outgoing, message: withLinks(outgoing.message) };
  const { message } = outgoing;
  const text = writeMarkdown(plainTree(plainText(parseMarkdown(message.content.text))));
  return { ...outgoing, message: { ...message, content: { ...message.content, text } } };
}

/**
 * Calls a connector. An error that is no SendFailure is a defect of ours.
 * @param defect how such a defect counts: `ambiguous` while sending, because the request may have been written by then.
 */
export async function connectorResult<T>(
  defect: 'transient' | 'ambiguous',
  call: () => Promise<T>,
): Promise<Result<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof SendFailure) return { failure: error };
    const message = `The connector failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`;
    return { failure: new SendFailure({ kind: defect, code: 'connector_defect', message, cause: error }) };
  }
}
