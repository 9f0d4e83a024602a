import { createRequire } from 'node:module';
import { relative } from 'node:path';

const fromJest = createRequire(createRequire(import.meta.url).resolve('jest'));
const { default: Sequencer } = fromJest('@jest/test-sequencer');

/**
 * The files that take longest, in the order in which they begin, so that none of them is left to run alone at the end.
 * Files that keep both cores busy (soak, crash, six-rooms, half-an-hour) are kept apart by files that
 * mostly wait.
 */
const first = [
  'faults/soak',
  'e2e/jobs',
  'e2e/rollout',
  'e2e/crash',
  'up/up',
  'e2e/matrix-synapse',
  'e2e/half-an-hour',
  'e2e/ambiguity',
  'e2e/long-texts',
  'e2e/gates',
  'e2e/six-rooms',
  'api/auth/key-look-ups',
  'e2e/long-text-crash',
  'e2e/files-in-doubt',
  'store/inbound/files',
  'up/postgres/postgres',
  'connectors/text/formats',
  'e2e/subscriptions',
  'connectors/text/split-text',
  'e2e/split-parked',
  'replay/replay',
  'e2e/history-size',
  'e2e/races',
  'docs/readme',
  'e2e/changes',
  'e2e/leaving',
  'store/ledger/model',
  'api/events/stream',
].map((name) => `test/${name}.test.ts`);

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const positionOf = ({ path, context }) => first.indexOf(relative(context.config.rootDir, path));
    const isFirst = (test) => positionOf(test) >= 0;
    return [
      ...tests.filter(isFirst).sort((one, other) => positionOf(one) - positionOf(other)),
      ...super.sort(tests.filter((test) => !isFirst(test))),
    ];
  }
}
