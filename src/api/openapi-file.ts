import { pino } from 'pino';
import { connectors } from '../connectors/registry.ts';
import { connect } from '../store/db/db.ts';
import { newKeyRingEntry, parseKeyRing } from '../store/db/key-ring.ts';
import { buildApi } from './app.ts';

/**
 * The text of `docs/openapi.json`. It comes from the real API. The API's database pools connect to nothing, so no
 * server has to run.
 */
export async function renderOpenApi(): Promise<string> {
  const sql = connect('postgres://nobody@127.0.0.1:1/none', { name: 'openapi', max: 1, statementTimeoutMs: 1 });
  const app = buildApi({
    sql,
    acceptSql: sql,
    ring: parseKeyRing(newKeyRingEntry('unused')),
    adminKey: 'unused',
    connectors,
    runs: { command: async () => undefined, startJob: async () => undefined, isReachable: async () => false },
    logger: pino({ level: 'silent' }),
    poke: () => undefined,
    pokeInbox: () => undefined,
    keys: { find: async () => undefined },
  });
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
    await sql.end();
  }
}
