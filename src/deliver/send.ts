import type { Outgoing, Receipt, SendContext } from '../connectors/contract/connector.ts';
import { parseMarkdown, plainTree, writeMarkdown } from '../connectors/text/markdown.ts';
import { plainText } from '../connectors/text/plain.ts';
import { SendFailure, type Reason } from '../domain/failure.ts';
import type { Claim, ClaimRequest } from '../store/ledger/claim.ts';
import { newAttemptId } from '../store/db/new-id.ts';
import type { PostPart } from '../store/ledger/parts.ts';
import { release } from '../store/ledger/release.ts';
import type { Settlement } from '../store/ledger/settle.ts';
import type { Settled } from '../store/ledger/settle-result.ts';
import type { MadeAttempt } from './conclude.ts';
import { tryAgain } from '../activities/failure.ts';
import { withLinks } from './file-posts.ts';
import { identify } from './identify.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { postsOf, type Job } from './attempt-plan.ts';
import { planParts, postOf } from './parts.ts';
import { persist, withoutWords } from './persist.ts';
import { delivered, failed } from './settlement.ts';

export type Sent =
  | { readonly settled: Settled; readonly attempt: MadeAttempt }
  /** PostgreSQL stayed away after the send. */
  | { readonly unsettled: Settlement };

type Outcome<T> = { readonly value: T } | { readonly failure: SendFailure };

/** What was made of a message before the claim. */
export interface Prepared {
  /** Of the one post that is sent. */
  readonly job: Job;
  /** Into what the message is split, where that does not stand fast yet. */
  readonly parts?: readonly PostPart[];
  /** The connector's; `degraded` where it had to be made otherwise than it was written. */
  readonly outcome: Outcome<{ readonly call: unknown; readonly degraded?: Reason }>;
}

/**
 * One attempt: prepare → claim → send → settle. A failure while preparing is settled like one of the send, with a claim
 * of its own, so that it counts and backs off; it is never ambiguous.
 */
export async function sendOnce(deps: ActivityDeps, job: Job): Promise<Sent | 'not-claimed'> {
  const prepared = await prepare(deps, job);
  const claimed = await deps.ledger.claim(claimRequest(deps, prepared));
  return claimed === undefined ? 'not-claimed' : sendClaimed(deps, prepared, claimed);
}

/** All that comes before the claim; changes nothing at the platform. What cannot be rendered is rendered as plain text. */
export async function prepare(deps: ActivityDeps, whole: Job): Promise<Prepared> {
  const planned = await outcomeOf('transient', () => plan(deps, whole));
  if ('failure' in planned) return { job: whole, outcome: planned };
  const { job, parts } = planned.value;
  return { job, ...(parts === undefined ? {} : { parts }), outcome: await render(job) };
}

/** The first part is known only when it is known how people are called there, since that takes room. */
async function plan(deps: ActivityDeps, job: Job): Promise<Omit<Prepared, 'outcome'>> {
  const { entry, connector } = job;
  const outgoing = await identify(deps, job);
  const parts = entry.isPinned ? undefined : planParts(connector, outgoing, postsOf(entry), job.files);
  if (parts === undefined) return { job: { ...job, outgoing } };
  const { cut = job.degraded, ...post } = postOf(connector, outgoing, parts, 0, postsOf(entry), job.files);
  return { job: { ...job, ...post, degraded: cut }, parts };
}

function render(job: Job): Promise<Prepared['outcome']> {
  const { entry, connector, outgoing } = job;
  const context = { ...job.context, attempt: entry.view.attempts + 1 };
  return outcomeOf('transient', async () => {
    try {
      return { call: await connector.prepare(outgoing, context) };
    } catch (error) {
      if (error instanceof SendFailure || !canBePlain(job)) throw error;
      const degraded = {
        code: 'plain_text',
        message: `It could not be written for ${connector.title}: plain text instead.`,
      };
      return { call: await connector.prepare(asPlain(outgoing), context), degraded };
    }
  });
}

const canBePlain = ({ outgoing }: Job): boolean => ['create', 'edit'].includes(outgoing.action.kind);

export function claimRequest({ worker }: ActivityDeps, { job: { entry }, parts }: Prepared): ClaimRequest {
  return {
    token: newAttemptId(),
    delivery: entry.id,
    version: entry.version,
    timeoutMs: entry.timeoutMs,
    policyDeadlineMs: entry.policy.deadlineMs,
    worker,
    part: entry.part,
    ...(parts === undefined ? {} : { parts }),
  };
}

/** From the claim to the settle. */
export async function sendClaimed(
  deps: ActivityDeps,
  { job, outcome: prepared }: Prepared,
  claimed: Claim,
): Promise<Sent> {
  const { entry, connector, outgoing, part } = job;
  const context: SendContext = { ...job.context, attempt: claimed.attempt };
  await deps.pace.keep(entry.tenant, entry.target?.rates ?? []);
  const begin = performance.now();
  let outcome: Outcome<Receipt> =
    'failure' in prepared
      ? prepared
      : await outcomeOf('ambiguous', async () => {
          const { call, degraded } = prepared.value;
          const receipt = await connector.send(call, outgoing, context);
          return degraded === undefined ? receipt : { ...receipt, degraded };
        });
  if ('failure' in outcome && outcome.failure.isOfFormat && canBePlain(job)) {
    const timeoutMs = Math.floor(context.timeoutMs - (performance.now() - begin));
    outcome = await sendPlain(job, { ...context, timeoutMs }, outcome.failure);
  }
  if ('failure' in outcome && outcome.failure.kind === 'stopped') {
    (await release(deps.sql, entry.id, claimed.token)).forEach(deps.wake);
    throw tryAgain(`${entry.destination}: the worker stopped before anything was sent`, 1_000);
  }
  const settlement =
    'failure' in outcome
      ? failed(job, claimed, outcome.failure, Math.random())
      : delivered(job, claimed, outcome.value);
  const settled = await persist(deps, settlement);
  if (settled === undefined) return { unsettled: withoutWords(settlement) };
  const code = 'failure' in outcome ? outcome.failure.code : 'delivered';
  const made = { number: claimed.attempt, max: claimed.maxAttempts, code, ...(part === undefined ? {} : { part }) };
  return { settled, attempt: made };
}

/**
 * What a platform refuses for its format is sent once more as plain text, under the same claim and within its time: a
 * refusal is proof that nothing was taken.
 */
async function sendPlain(job: Job, context: SendContext, refusal: SendFailure): Promise<Outcome<Receipt>> {
  const { connector } = job;
  if (context.timeoutMs <= 0) return { failure: refusal };
  const degraded =
    job.outgoing.file === undefined
      ? {
          code: 'plain_text',
          message: `${connector.title} refused how it was written (${refusal.code}): plain text instead.`,
        }
      : {
          code: 'file_linked',
          message: `${connector.title} refused the file (${refusal.code}): it is linked instead.`,
        };
  const plain = asPlain(job.outgoing);
  const prepared = await outcomeOf('transient', () => connector.prepare(plain, context));
  if ('failure' in prepared) return { failure: refusal };
  return outcomeOf('ambiguous', async () => ({
    ...(await connector.send(prepared.value, plain, context)),
    degraded,
  }));
}

/** The same words without any markup; a link in place of a file. */
function asPlain({ file, ...outgoing }: Outgoing): Outgoing {
  if (file !== undefined) return { ...outgoing, message: withLinks(outgoing.message) };
  const { message } = outgoing;
  const text = writeMarkdown(plainTree(plainText(parseMarkdown(message.content.text))));
  return { ...outgoing, message: { ...message, content: { ...message.content, text } } };
}

/** What a connector throws beside SendFailure is a defect of ours; in a send nobody knows what it wrote by then. */
async function outcomeOf<T>(defect: 'transient' | 'ambiguous', call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof SendFailure) return { failure: error };
    const message = `The connector failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`;
    return { failure: new SendFailure({ kind: defect, code: 'connector_defect', message, cause: error }) };
  }
}
