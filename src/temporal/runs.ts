import {
  Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { ConnectionLike } from '@temporalio/client';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/common';
import type { InboxId } from '../domain/ids.ts';
import type { Dispatchable } from '../store/runs/dispatch.ts';
import type { StartableJob } from '../store/jobs/jobs.ts';
import {
  cancelSignal,
  catchUpType,
  catchUpWorkflowId,
  deliverMessageType,
  fetchEventType,
  fetchEventWorkflowId,
  keepSubscriptionsType,
  keepSubscriptionsWorkflowId,
  retrySignal,
  runJobType,
  runJobWorkflowId,
  searchAttributeLength,
  searchAttributes,
  taskQueue,
  troubleSignal,
  turnSignal,
  type CatchUpInput,
  type DeliverMessageInput,
  type FetchEventInput,
  type KeepSubscriptionsInput,
  type RunJobInput,
  type ConnectionRef,
  type CommandArgument,
} from '../contract.ts';

/** A call to Temporal is given up after this long; whatever it was for is durable in PostgreSQL and mended by the sweep. */
const callTimeoutMs = 5_000;

/** Runs of `deliverMessage`, as the dispatcher, the sweep and the API handle them. All of them may be called twice. */
export interface Runs {
  /** First start. @returns `exists` when the id was used before: whether it still runs is asked with `describe`. */
  start(message: Dispatchable): Promise<'started' | 'exists'>;
  /** For a run that is closed or gone: a second run is harmless, it does what the ledger says is open. */
  startAgain(message: Dispatchable): Promise<void>;
  describe(workflowId: string): Promise<'running' | 'closed' | 'missing'>;
  /** @returns false when there is no running run to tell. */
  turn(workflowId: string, delivery?: string): Promise<boolean>;
  command(workflowId: string, kind: 'retry' | 'cancel', command: CommandArgument): Promise<boolean>;
  trouble(workflowId: string, delivery: string): Promise<boolean>;
  /** Where its run is there already, nothing happens; one that is closed or gone is started again, and goes on. */
  startJob(job: StartableJob): Promise<void>;
  /** Where its run is there, or was and is closed with its work done, nothing happens. */
  fetchEvent(event: InboxId): Promise<void>;
  /** As `fetchEvent`, for a gap. */
  catchUp(gap: number): Promise<void>;
  /** Looks at one connection's subscriptions; where that is under way already, nothing happens. */
  keepSubscriptions(only: ConnectionRef): Promise<void>;
  /** Whether Temporal answers now. */
  isReachable(): Promise<boolean>;
}

const keys = {
  tenant: defineSearchAttributeKey(searchAttributes.tenant, SearchAttributeType.KEYWORD),
  source: defineSearchAttributeKey(searchAttributes.source, SearchAttributeType.KEYWORD),
  conversation: defineSearchAttributeKey(searchAttributes.conversation, SearchAttributeType.KEYWORD),
};

/** What a run is started with. Search attributes are capped: a value that the visibility store refuses is lost there. */
function startOptions(message: Dispatchable, express: boolean) {
  const { conversation, deliveries } = message;
  const input: DeliverMessageInput = {
    message: message.message,
    tenant: message.tenant,
    deliveries,
    ...(express ? { express, band: message.band } : {}),
    ...(message.class === 'must' ? { untilHandled: true } : {}),
  };
  const shown = deliveries.slice(0, 5).map(({ destination }) => destination);
  const more = deliveries.length > shown.length ? ` +${deliveries.length - shown.length}` : '';
  const cap = (text: string): string => text.slice(0, searchAttributeLength);
  return {
    workflowId: message.workflowId,
    taskQueue,
    args: [input] as [DeliverMessageInput],
    typedSearchAttributes: [
      { key: keys.tenant, value: cap(message.tenant) },
      { key: keys.source, value: cap(message.source) },
      ...(conversation === null ? [] : [{ key: keys.conversation, value: cap(conversation) }]),
    ],
    // At most 400 bytes, or the server refuses the start.
    staticSummary: `${cap(message.type)} → ${shown.join(', ')}${more}`.slice(0, 200),
    staticDetails: [
      `Message \`${message.message}\` from ${cap(message.source)}`,
      ...deliveries.slice(0, 100).map(({ id, destination }) => `- **${destination}**: \`${id}\``),
    ].join('\n'),
    priority: { priorityKey: message.band },
  };
}

export interface RunOptions {
  /**
   * Starts take their first workflow task along and save a round trip: over a NativeConnection that is shared with the
   * worker; any other connection starts plainly.
   */
  readonly eager: boolean;
  /** First starts begin with one round for the whole message in a local activity. */
  readonly express: boolean;
}

export function createRuns(connection: ConnectionLike, namespace: string, { eager, express }: RunOptions): Runs {
  const client = new Client({ connection, namespace });
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + callTimeoutMs, call);

  async function signal(
    workflowId: string,
    send: (handle: ReturnType<typeof client.workflow.getHandle>) => Promise<void>,
  ) {
    try {
      await within(() => send(client.workflow.getHandle(workflowId)));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  return {
    async start(message) {
      try {
        await within(() =>
          client.workflow.start(deliverMessageType, {
            ...startOptions(message, express),
            workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
            workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
            requestEagerStart: eager,
          }),
        );
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
        throw error;
      }
    },
    async startAgain(message) {
      await within(() =>
        client.workflow.signalWithStart(deliverMessageType, {
          ...startOptions(message, false),
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          signal: turnSignal,
          signalArgs: [{}],
        }),
      );
    },
    async describe(workflowId) {
      try {
        const { status } = await within(() => client.workflow.getHandle(workflowId).describe());
        return status.name === 'RUNNING' ? 'running' : 'closed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'missing';
        throw error;
      }
    },
    turn: (workflowId, delivery) =>
      signal(workflowId, (handle) => handle.signal(turnSignal, delivery === undefined ? {} : { delivery })),
    command: (workflowId, kind, command) =>
      signal(workflowId, (handle) => handle.signal(kind === 'retry' ? retrySignal : cancelSignal, command)),
    trouble: (workflowId, delivery) => signal(workflowId, (handle) => handle.signal(troubleSignal, { delivery })),
    async startJob({ id, tenant, kind }) {
      await within(() =>
        client.workflow.start(runJobType, {
          workflowId: runJobWorkflowId(id),
          taskQueue,
          args: [{ job: id }] as [RunJobInput],
          typedSearchAttributes: [{ key: keys.tenant, value: tenant.slice(0, searchAttributeLength) }],
          staticSummary: `${kind} in bulk`,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        }),
      );
    },
    async fetchEvent(event) {
      await within(() =>
        client.workflow.start(fetchEventType, {
          workflowId: fetchEventWorkflowId(event),
          taskQueue,
          args: [{ event }] as [FetchEventInput],
          staticSummary: 'fetches what an event came without',
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        }),
      );
    },
    async catchUp(gap) {
      await within(() =>
        client.workflow.start(catchUpType, {
          workflowId: catchUpWorkflowId(gap),
          taskQueue,
          args: [{ gap }] as [CatchUpInput],
          staticSummary: 'reads what was missed',
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        }),
      );
    },
    async keepSubscriptions({ tenant, connection }) {
      const only = { tenant, connection };
      await within(() =>
        client.workflow.start(keepSubscriptionsType, {
          workflowId: keepSubscriptionsWorkflowId(only),
          taskQueue,
          args: [{ only }] as [KeepSubscriptionsInput],
          typedSearchAttributes: [{ key: keys.tenant, value: tenant.slice(0, searchAttributeLength) }],
          staticSummary: `subscriptions of ${connection}`,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        }),
      );
    },
    async isReachable() {
      try {
        await client.withDeadline(Date.now() + 1_000, () => client.workflowService.getSystemInfo({}));
        return true;
      } catch (error) {
        if (isGrpcServiceError(error)) return false;
        throw error;
      }
    },
  };
}
