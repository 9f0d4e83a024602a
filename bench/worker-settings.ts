/** The settings of the worker in src/worker/run.ts and src/worker/dispatcher.ts. A test compares them. */
export const workerSettings = {
  maxCachedWorkflows: 600,
  maxConcurrentWorkflowTaskExecutions: 100,
  maxConcurrentActivityTaskExecutions: 100,
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
} as const;

/** Number of runs that are started at the same time, and of runs that may be open. */
export const dispatch = { startsAtOnce: 16, room: 100 } as const;
