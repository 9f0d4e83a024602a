import { pino } from 'pino';
import type { ApiDeps } from '../../src/api/deps.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { connect } from '../../src/store/db/db.ts';
import { newKeyRingEntry, parseKeyRing } from '../../src/store/db/key-ring.ts';

/** Dependencies that are enough to build the API. None of them is ever called. */
export function depsForNothing(): ApiDeps {
  const sql = connect('postgres://nobody@127.0.0.1:1/none', { name: 'none', max: 1, statementTimeoutMs: 1 });
  return {
    sql,
    acceptSql: sql,
    ring: parseKeyRing(newKeyRingEntry('none')),
    adminKey: 'none',
    connectors,
    runs: { command: async () => undefined, startJob: async () => undefined, isReachable: async () => false },
    logger: pino({ level: 'silent' }),
    poke: () => undefined,
    pokeInbox: () => undefined,
    keys: { find: async () => undefined },
  };
}
