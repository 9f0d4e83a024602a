import { describeMachine, describeVersion } from '../machine.ts';
import { inSession, writeResults } from '../session.ts';
import { acks } from './acks.ts';
import { aimLines, brokenPromises } from './aims.ts';
import type { ScenarioName, ScenarioRequest } from './arguments.ts';
import { express } from './express.ts';
import { fairness } from './fairness.ts';
import { lanes } from './lanes.ts';
import { outage } from './outage.ts';
import type { Scenario } from './scenario.ts';
import { slow, slowBurst } from './slow.ts';
import { waiting } from './waiting.ts';

const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  express,
  outage,
  fairness,
  lanes,
  slow,
  'slow-burst': slowBurst,
  waiting,
  acks,
};

/**
 * Runs one scenario, prints its results and writes the JSON file.
 * @returns the exit code: 0, or 1 when a promise was broken.
 */
export async function benchScenario(request: ScenarioRequest): Promise<number> {
  const { title, limitSeconds, run } = scenarios[request.scenario];
  const limit = limitSeconds(request);
  console.log(`${request.scenario}: ${title}. At most ${Math.ceil(limit / 60)} min.`);
  const { finding, results } = await inSession({ temporal: request.temporal, limitSeconds: limit }, async (session) => {
    const found = await run(session, request);
    const { aims, data, temporal } = found;
    const { load, begin, stack } = session;
    return {
      finding: found,
      results: {
        ...describeVersion(),
        date: new Date(begin).toISOString(),
        scenario: request.scenario,
        mode: request.mode,
        seconds: (Date.now() - begin) / 1_000,
        machine: await describeMachine(stack.sql, temporal, load),
        temporalStore: session.temporal,
        aims,
        ...data,
      },
    };
  });
  const file = writeResults(results, `-${request.scenario}`);
  const { machine, commit, changed, mode, seconds } = results;
  console.log(
    [
      '',
      `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; Node ${machine.node}, PostgreSQL ${machine.postgres}, ` +
        `Temporal ${machine.temporal} (${results.temporalStore === 'postgres' ? 'on PostgreSQL, on the same server as Carillon' : 'dev server, SQLite file'})`,
      `commit ${commit}${changed ? ' with changes' : ''}, ${mode} run of ${Math.round(seconds)} s, load average before it ${machine.load.join(' ')}`,
      '',
      ...finding.lines,
      '',
      ...aimLines(finding.aims),
      `written to ${file}`,
    ].join('\n'),
  );
  return brokenPromises(finding.aims).length > 0 ? 1 : 0;
}
