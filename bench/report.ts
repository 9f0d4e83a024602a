import type { BaselineResult, CarillonResult, Cost, Results } from './results.ts';
import { mean, sum } from './statistics.ts';
import { figure, table } from './table.ts';

/** Returns a run's results as lines of text: the machine, the table with its ratios, and tables of latencies. */
export function report(results: Results): string[] {
  const { machine, empty, postOnly, carillon, accepting } = results;
  const ratios = (perSecond: number, { ms }: Cost, compared: readonly BaselineResult[]): string[] => [
    figure(perSecond),
    figure(perSecond / mean(compared.map((one) => one.perSecond))),
    figure(ms),
    figure(ms / mean(compared.map(({ cost }) => cost.ms))),
  ];
  const processes = ({ byProcess }: Cost): string[] =>
    ['api', byProcess.worker === undefined ? 'baseline' : 'worker', 'temporal', 'postgres'].map((name) =>
      figure(byProcess[name]),
    );
  const baselineRow = (title: string, { perSecond, fanOut, cost, historyEvents }: BaselineResult): string[] => [
    title,
    ...ratios(perSecond, cost, fanOut === 0 ? empty : empty.slice(0, 2)),
    fanOut === 0 ? '-' : figure(perSecond * fanOut),
    ...processes(cost),
    figure(cost.mainThreads.baseline),
    figure(historyEvents),
    '-',
    '-',
    figure(cost.othersCores),
  ];
  const carillonRow = (one: CarillonResult, index: number): string[] => [
    `Carillon, ${one.fanOut}`,
    ...ratios(one.perSecond, one.cost, empty.slice(index + 1, index + 3)),
    figure(one.deliveriesPerSecond),
    ...processes(one.cost),
    figure(one.cost.mainThreads.worker),
    figure(one.historyEvents),
    `${figure(one.statements)}+${figure(one.nestedStatements)}`,
    figure(one.walBytes / 1_024),
    figure(one.cost.othersCores),
  ];
  return [
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; Node ${machine.node}, PostgreSQL ${machine.postgres}, ` +
      `Temporal ${machine.temporal} (${results.temporalStore === 'postgres' ? 'on PostgreSQL, on the same server as Carillon: the columns postgres and WAL hold both' : 'dev server, SQLite file'})`,
    `commit ${results.commit}${results.changed ? ' with changes' : ''}, ${results.mode} run of ${figure(results.seconds)} s` +
      `${results.profiled ? ', profiled (slower)' : ''}, load average before it ${machine.load.join(' ')}`,
    '',
    ...table(
      [
        'a second, and CPU ms for one',
        '/s',
        '÷ empty',
        'CPU ms',
        '÷ empty',
        'requests/s',
        'api',
        'worker',
        'temporal',
        'postgres',
        'main thread',
        'events',
        'SQL',
        'WAL KiB',
        'others',
      ],
      [
        ...empty.map((one, index) => baselineRow(`empty workflow, ${index + 1}`, one)),
        ...postOnly.map((one) => baselineRow(`only posts, ${one.fanOut}`, one)),
        ...carillon.map(carillonRow),
      ],
    ),
    '',
    ...table(
      [
        'milliseconds, p50 / p99',
        'accept, worker saturated',
        'accept, burst',
        'accept, half load',
        'receipt to delivery',
      ],
      carillon.map(latencyRow),
    ),
    '',
    ...table(
      [
        'accepting, no worker',
        'accepts/s',
        'p50 ms',
        'p99 ms',
        'posts',
        'refused',
        'lost',
        'CPU ms',
        'api',
        'postgres',
        'others',
      ],
      accepting.map(({ fanOut, perSecond, latency, posts, refused, lost, cost }) => [
        `fan-out ${fanOut}`,
        ...[perSecond, latency.p50, latency.p99].map(figure),
        ...[posts, refused, lost].map(String),
        ...[cost.ms, cost.byProcess.api, cost.byProcess.postgres, cost.othersCores].map(figure),
      ]),
    ),
    '',
    `bare requests to the sink: ${figure(results.barePostsPerSecond)}/s`,
    checkedLine(carillon),
  ];
}

function latencyRow(one: CarillonResult): string[] {
  const both = ({ p50, p99 }: { p50: number; p99: number }): string => `${figure(p50)} / ${figure(p99)}`;
  return [
    `Carillon, ${one.fanOut}`,
    `${both(one.acceptSaturated)} at ${figure(one.acceptSaturated.perSecond)}/s`,
    `${both(one.acceptBurst)} at ${figure(one.acceptBurst.perSecond)}/s`,
    `${both(one.acceptSteady)} at ${figure(one.steadyPerSecond)}/s`,
    both(one.receiptToDelivery),
  ];
}

function checkedLine(carillon: readonly CarillonResult[]): string {
  const of = (count: (one: CarillonResult) => number): number => sum(carillon.map(count));
  const counts = [
    `${of(({ checked }) => checked.messages)} messages`,
    `${of(({ checked }) => checked.deliveries)} deliveries`,
    `${of(({ checked }) => checked.lost)} lost`,
    `${of(({ checked }) => checked.doubled)} doubled`,
    `${of(({ checked }) => checked.refused)} refused`,
    `${of(({ checked }) => checked.unknown)} unknown`,
  ];
  return `counted at the sink: ${counts.join(', ')}`;
}

/** Whether a promise was broken. If so, the run fails regardless of its speed. */
export function isBroken({ carillon, accepting }: Results): boolean {
  return (
    carillon.some(({ checked }) => checked.lost + checked.doubled + checked.unknown > 0) ||
    accepting.some(({ lost }) => lost > 0)
  );
}
