import { table } from '../../bench/table.ts';
import type { Offence } from './audit.ts';
import { destinations } from './destinations.ts';
import type { SoakResult } from './soak.ts';

const shownOffenders = 20;

/** Returns the result of a soak as lines of text. */
export function report(result: SoakResult): string[] {
  const { seed, counts, offences, load, struck, deaths, seconds, planned, networkFaults, runs } = result;
  const of = (what: Offence['what'], destination: string): string =>
    String(offences.filter((one) => one.what === what && one.destination === destination).length);
  const rows = destinations.map((name) => {
    const one = counts[name];
    const figures = one === undefined ? [] : [one.accepted, one.delivered, one.uncertain, one.skipped].map(String);
    return [
      name,
      ...figures,
      ...(['lost', 'doubled', 'out of order', 'not at rest', 'parked'] as const).map((what) => of(what, name)),
      ...(one === undefined
        ? []
        : [one.repeated, one.late, one.overtaken, one.attempts, one.ambiguous, one.died].map(String)),
    ];
  });
  const kinds = new Map<string, number>();
  for (const { fault } of struck) kinds.set(fault.kind, (kinds.get(fault.kind) ?? 0) + 1);
  return [
    `seed ${seed}, Temporal on ${result.temporal === 'postgres' ? 'PostgreSQL' : 'SQLite (dev server)'}: ` +
      `${load.accepted} of ${planned.operations} operations accepted in ${seconds.load.toFixed(0)} s, ` +
      `at rest ${seconds.rest.toFixed(0)} s later`,
    `faults: ${[...kinds].map(([kind, count]) => `${count} × ${kind}`).join(', ')}` +
      (networkFaults ? '' : ' — NO NETWORK FAULTS: Toxiproxy was not to be had'),
    `posts: ${load.posts}, of them ${load.unavailable} × 503, ${load.broken} without an answer, ` +
      `${load.folded} folded by their key`,
    ...deaths.map(({ name, how, at }) => `died by itself: ${name} (${how}) at ${at}`),
    `runs: ${Object.entries(runs.counts)
      .map(([status, count]) => `${count} ${status}`)
      .join(', ')}`,
    ...runs.failures.map(({ workflowId, why }) => `- ${workflowId}: ${why}`),
    '',
    ...table(
      [
        'destination',
        'accepted',
        'delivered',
        'uncertain',
        'skipped',
        'LOST',
        'DOUBLED',
        'DISORDER',
        'NO REST',
        'PARKED',
        'repeated',
        'late',
        'overtaken',
        'attempts',
        'ambiguous',
        'died',
      ],
      rows,
    ),
    '',
    ...(offences.length === 0 ? ['every promise held'] : broken(result)),
  ];
}

function broken({ offences, offenders }: SoakResult): string[] {
  const kinds = new Map<string, number>();
  for (const { what } of offences) kinds.set(what, (kinds.get(what) ?? 0) + 1);
  const lines = [`BROKEN: ${[...kinds].map(([what, count]) => `${count} × ${what}`).join(', ')}`];
  for (const { what, destination, delivery, detail } of offences.slice(0, shownOffenders)) {
    lines.push(`- ${what} at ${destination}: ${delivery}: ${detail}`);
    const one = offenders[delivery];
    if (one === undefined) continue;
    lines.push(`  message ${one.message}, ${one.state}${one.late ? ', late' : ''} ${one.reason ?? ''}`);
    for (const { number, trigger, startedAt, endedAt, outcome, late, code, status, worker } of one.attempts)
      lines.push(
        `  ${number}. (${trigger}) ${startedAt} to ${endedAt ?? 'now'}: ${outcome}${late ? ' (late)' : ''} ` +
          `${[code, status].filter((part) => part !== undefined).join(' ')} by ${worker}`,
      );
  }
  return lines;
}
