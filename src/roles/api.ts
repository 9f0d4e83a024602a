import { Connection } from '@temporalio/client';
import { startApi } from '../api/server.ts';
import { readAdminKey, type Config } from '../config.ts';
import { createEgress } from '../connectors/http/egress.ts';
import { createHttp } from '../connectors/http/client.ts';
import { connectors } from '../connectors/registry.ts';
import { createSigningKeys } from '../connectors/inbound/signing-keys.ts';
import { loadKeyRing } from '../keys.ts';
import { createLogger } from '../observability/logger.ts';
import { connect } from '../store/db/db.ts';
import { writeFiledIdentities } from '../store/people/filed-identities.ts';
import { createRuns } from '../temporal/runs.ts';
import { commandedWaker } from '../temporal/wake-runs.ts';
import { receivedChannel } from '../contract.ts';
import { readIdentitiesFile } from './identities-file.ts';
import { beforeListening, startListening } from './listening.ts';
import { openStore } from './open-store.ts';
import { createPoke } from './poke.ts';
import { stopSignal } from './stop-signal.ts';

/** Accepting takes one short statement. A request that waits longer than this for a lock or the disk gets a 503. */
const acceptTimeoutMs = 1_000;

/**
 * Serves the HTTP API until a signal comes. Needs PostgreSQL and works without Temporal.
 * @returns the exit code.
 * @throws Error when there is no admin key. ConfigError or KeyRingError when the identities file or the keys cannot be
 * used.
 */
export async function api(config: Config): Promise<number> {
  const log = createLogger({ role: 'api', level: config.logLevel });
  const stopped = stopSignal();
  const adminKey = readAdminKey(config);
  if (adminKey === undefined)
    throw new Error(`no admin key: set CARILLON_ADMIN_KEY, or put one into ${config.home}/admin.key`);
  const ring = loadKeyRing(config);
  const identities = config.identitiesFile === undefined ? undefined : readIdentitiesFile(config.identitiesFile);
  const sql = connect(config.databaseUrl, { name: 'carillon-api', max: 8, statementTimeoutMs: 10_000 });
  const acceptSql = connect(config.databaseUrl, {
    name: 'carillon-accept',
    max: 16,
    statementTimeoutMs: acceptTimeoutMs,
  });
  if (!(await openStore(sql, ring, log, stopped))) return 0;
  if (identities !== undefined) {
    const forgotten = await writeFiledIdentities(sql, identities);
    log.info({ file: config.identitiesFile, identities: identities.length, forgotten }, 'api: identities of the file');
  }
  const connection = Connection.lazy({ address: config.temporalAddress });
  const poke = createPoke(sql, log);
  const pokeInbox = createPoke(sql, log, receivedChannel);
  const http = createHttp({ egress: createEgress(config.egressAllow) });
  const { startJob, isReachable, ...rest } = createRuns(connection, config.temporalNamespace, {
    eager: false,
    express: false,
  });
  const runs = { command: commandedWaker({ startJob, isReachable, ...rest }, sql, poke), startJob, isReachable };
  await beforeListening(sql, log);
  const server = await startApi(
    { sql, acceptSql, ring, adminKey, connectors, runs, logger: log, poke, pokeInbox, keys: createSigningKeys(http) },
    { host: config.host, port: config.port },
  );
  const listening = startListening(sql, log);
  log.info({ signal: await stopped }, 'api: finishing what was asked');
  listening.stop();
  await server.close();
  await connection.close();
  await http.close();
  await Promise.all([sql.end({ timeout: 5 }), acceptSql.end({ timeout: 5 })]);
  return 0;
}
