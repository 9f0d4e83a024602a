/** As in src/worker/run.ts and src/worker/dispatcher.ts; a test compares them. */
export const workerSettings = {
  maxCachedWorkflows: 600,
  maxConcurrentWorkflowTaskExecutions: 100,
  maxConcurrentActivityTaskExecutions: 100,
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
} as const;

/** Runs started at once, and runs under way at most. */
export const dispatch = { startsAtOnce: 16, room: 100 } as const;
