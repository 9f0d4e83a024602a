/** Whether an Accept header asks for server-sent events by name, at least as much as for JSON. Wildcards get JSON. */
export function acceptsEventStream(accept: string | undefined): boolean {
  const weights = new Map(
    (accept ?? '').split(',').map((one): [string, number] => {
      const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return [type, q === undefined ? 1 : Number(q.slice('q='.length))];
    }),
  );
  const weight = weights.get('text/event-stream') ?? 0;
  return weight > 0 && weight >= (weights.get('application/json') ?? 0);
}
