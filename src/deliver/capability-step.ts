import type { Capability, Connector } from '../connectors/contract/connector.ts';
import type { Reason } from '../domain/failure.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';

/**
 * What a platform's capabilities say of a delivery before anything is asked of the connector: undefined where it can be
 * sent, in full or in part. A change that is `dropped` is skipped. What is `rejected` is parked, for it would be a lie to
 * call it done: a reply or a file, or a change.
 */
export function capabilityStep(
  { action, message }: Pick<LedgerEntry, 'action' | 'message'>,
  { capabilities }: Pick<Connector, 'capabilities'>,
): { do: 'skip' | 'park'; reason: Reason } | undefined {
  const rejected = (what: string, capability: Capability) =>
    capability.level === 'rejected'
      ? ({ do: 'park', reason: { code: `${what}_rejected`, message: capability.why } } as const)
      : undefined;
  const { attachments = [] } = message.content;
  const withFiles = (action === 'create' || action === 'edit') && attachments.length > 0;
  const files = withFiles ? rejected('files', capabilities.files) : undefined;
  if (action === 'create')
    return files ?? (message.thread === undefined ? undefined : rejected('thread', capabilities.thread));
  const capability = capabilities[action === 'unreact' ? 'react' : action];
  if (capability.level === 'dropped')
    return { do: 'skip', reason: { code: `${action}_dropped`, message: capability.why } };
  return rejected(action, capability) ?? files;
}
