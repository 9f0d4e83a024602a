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
import type { InboxId, TenantId } from '../domain/ids.ts';
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

/**
 * The time limit of a request to Temporal. The reason for a request is stored in PostgreSQL first, so the sweep or
 * another loop of the workers makes up for one that failed.
 */
const callTimeoutMs = 5_000;

/**
 * Starts, signals and describes runs of workflows. It is safe to repeat any of these requests. They reject when
 * Temporal does not answer within 5 s.
 */
export interface Runs {
  /**
   * Starts the first run of a message.
   * @returns `exists` when the workflow id was used before. Call `describe` to learn whether that run is still open.
   */
  start(message: Dispatchable): Promise<'started' | 'exists'>;
  /**
   * Starts a run for a message whose run is closed or missing. A run that is open after all only gets a `turn` signal.
   * A second run does no harm, because it does only what the ledger says is open.
   */
  startAgain(message: Dispatchable): Promise<void>;
  describe(workflowId: string): Promise<'running' | 'closed' | 'missing'>;
  /** @returns false when the workflow has no open run. */
  turn(workflowId: string, delivery?: string): Promise<boolean>;
  command(workflowId: string, kind: 'retry' | 'cancel', command: CommandArgument): Promise<boolean>;
  trouble(workflowId: string, delivery: string): Promise<boolean>;
  /**
   * Starts the run of a job, or starts it again when it is closed or missing; the job then goes on where it stopped. An
   * open run is left alone.
   */
  startJob(job: StartableJob): Promise<void>;
  /** Starts the run that completes this event. An open run is left alone. For a complete event the run does nothing. */
  fetchEvent(event: InboxId): Promise<void>;
  /** Starts the run that reads what was missed in this gap. An open run is left alone. */
  catchUp(gap: number): Promise<void>;
  /** Starts a check of one connection's subscriptions. A check that is under way is left alone. */
  keepSubscriptions(only: ConnectionRef): Promise<void>;
  /** Whether Temporal answers within one second. */
  isReachable(): Promise<boolean>;
}

const keys = {
  tenant: defineSearchAttributeKey(searchAttributes.tenant, SearchAttributeType.KEYWORD),
  source: defineSearchAttributeKey(searchAttributes.source, SearchAttributeType.KEYWORD),
  conversation: defineSearchAttributeKey(searchAttributes.conversation, SearchAttributeType.KEYWORD),
};

/**
 * The options with which a run is started. Search attributes are cut short, because the visibility store loses values
 * that it refuses.
 */
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
    // The server refuses a start whose summary is longer than 400 bytes.
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
   * A start brings the run's first workflow task back with it, which saves a round trip. This works only over the
   * NativeConnection that a worker shares; over any other connection the start is an ordinary one.
   */
  readonly eager: boolean;
  /** The first run of a message begins with one round for all its deliveries, in a local activity. */
  readonly express: boolean;
}

export function createRuns(connection: ConnectionLike, namespace: string, { eager, express }: RunOptions): Runs {
  const client = new Client({ connection, namespace });
  const limited = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + callTimeoutMs, call);

  async function signal(
    workflowId: string,
    send: (handle: ReturnType<typeof client.workflow.getHandle>) => Promise<void>,
  ) {
    try {
      await limited(() => send(client.workflow.getHandle(workflowId)));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /** Starts a run, unless one with this id runs already. A closed run does not prevent a new one. */
  async function startOnce<Input>(
    type: string,
    workflowId: string,
    input: Input,
    staticSummary: string,
    tenant?: TenantId,
  ): Promise<void> {
    await limited(() =>
      client.workflow.start(type, {
        workflowId,
        taskQueue,
        args: [input],
        ...(tenant === undefined
          ? {}
          : { typedSearchAttributes: [{ key: keys.tenant, value: tenant.slice(0, searchAttributeLength) }] }),
        staticSummary,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      }),
    );
  }

  return {
    async start(message) {
      try {
        await limited(() =>
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
      await limited(() =>
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
        const { status } = await limited(() => client.workflow.getHandle(workflowId).describe());
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
    startJob: ({ id, tenant, kind }) =>
      startOnce<RunJobInput>(runJobType, runJobWorkflowId(id), { job: id }, `${kind} in bulk`, tenant),
    fetchEvent: (event) =>
      startOnce<FetchEventInput>(
        fetchEventType,
        fetchEventWorkflowId(event),
        { event },
        'fetches the content of an event that came without it',
      ),
    catchUp: (gap) =>
      startOnce<CatchUpInput>(catchUpType, catchUpWorkflowId(gap), { gap }, 'reads what was missed in a gap'),
    keepSubscriptions({ tenant, connection }) {
      const only = { tenant, connection };
      const id = keepSubscriptionsWorkflowId(only);
      const summary = `subscriptions of ${connection}`;
      return startOnce<KeepSubscriptionsInput>(keepSubscriptionsType, id, { only }, summary, tenant);
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
