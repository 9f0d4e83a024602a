/** The messages between the benchmark and its processes. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** Answers the benchmark's calls in a process of its own, and ends the process when the benchmark ends. */
export function serve(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  const answer = async ({ id, name, argument }: Call): Promise<Answer> => {
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`no handler for ${name}`);
      return { id, value: await handler(argument as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (call) => void answer(call as Call).then((reply) => process.send?.(reply)));
  process.on('disconnect', () => process.exit(0));
}
