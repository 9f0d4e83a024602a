import type { Capability, Connector } from '../connectors/contract/connector.ts';
import { changeStep } from '../domain/change.ts';
import type { Reason } from '../domain/failure.ts';
import { nextStep, type Step } from '../domain/step.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import type { AttemptPlan } from './attempt-plan.ts';

/** A step that ends a delivery because there is nothing to change, or because the platform cannot do what is asked. */
export interface EndStep {
  readonly do: 'skip' | 'park';
  readonly reason: Reason;
}

/**
 * The one thing to do next with a delivery: what the ledger says, and where it says `send`, whether the platform can do
 * it and whether a change finds something to change.
 */
export function stepOf({ entry, connector, recoveryClass }: AttemptPlan): Step | EndStep {
  const step = nextStep(entry.view, recoveryClass, entry.target?.ambiguous ?? 'at-least-once');
  if (step.do !== 'send') return step;
  return capabilityStep(entry, connector) ?? changesNothing(entry, connector) ?? step;
}

function changesNothing(entry: LedgerEntry, connector: Connector): EndStep | undefined {
  if (entry.action === 'create') return undefined;
  const { posts = [], files = [] } = entry.original ?? {};
  if (entry.action === 'edit' && files.length > 0 && posts.length === files.length)
    return {
      do: 'skip',
      reason: { code: 'files_alone', message: 'The message was posted as files only, and files cannot be edited.' },
    };
  const change = changeStep(entry.action, entry.original, {
    version: entry.version,
    byOurIds: connector.addressesByOurIds === true,
    isManual: entry.view.isManual,
  });
  return change.do === 'send' ? undefined : { do: change.do, reason: { code: change.code, message: change.message } };
}

/**
 * What a platform's capabilities say of a delivery before the connector is asked anything. A change that the platform
 * drops is skipped. A reply, a file or a change that the platform rejects is parked, because skipping it would call
 * something done that is not.
 * @returns undefined where it can be sent, in full or in part.
 */
export function capabilityStep(
  { action, message }: Pick<LedgerEntry, 'action' | 'message'>,
  { capabilities }: Pick<Connector, 'capabilities'>,
): EndStep | undefined {
  const rejected = (name: string, capability: Capability): EndStep | undefined =>
    capability.level === 'rejected'
      ? { do: 'park', reason: { code: `${name}_rejected`, message: capability.why } }
      : undefined;
  const hasFiles = (action === 'create' || action === 'edit') && (message.content.attachments ?? []).length > 0;
  const files = hasFiles ? rejected('files', capabilities.files) : undefined;
  if (action === 'create')
    return files ?? (message.thread === undefined ? undefined : rejected('thread', capabilities.thread));
  const capability = capabilities[action === 'unreact' ? 'react' : action];
  if (capability.level === 'dropped')
    return { do: 'skip', reason: { code: `${action}_dropped`, message: capability.why } };
  return rejected(action, capability) ?? files;
}
