import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import postgres from 'postgres';

/**
 * The database and the migrations of this version do not fit together. The message says which migration, and what to
 * do.
 */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

/** The key of the advisory lock for which two migrations at once wait. Any number will do, but it must never change. */
const lockKey = 7_226_011_001;

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly hash: string;
  readonly text: string;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
      if (number !== index + 1) throw new MigrationError(`${name}: expected number ${index + 1} as NNNN_name.sql`);
      const text = await readFile(`${folder}/${name}`, 'utf8');
      return { number, name, hash: createHash('sha256').update(text).digest('hex'), text };
    }),
  );
}

/**
 * Brings the database to this version. Each file is applied in a transaction of its own; all of it runs under an
 * advisory lock.
 * @param folder `migrations` in the working directory by default.
 * @returns the names of the files that were applied now.
 * @throws MigrationError where a file was edited after it was applied, where a name or number is wrong, or where the
 * database is newer than this version.
 */
export async function migrate(databaseUrl: string, folder = resolve('migrations')): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => undefined,
    connection: { application_name: 'carillon-migrate' },
  });
  try {
    await sql`select pg_advisory_lock(${lockKey})`;
    await sql`create table if not exists migrations (
      number integer primary key, name text not null, hash text not null, applied_at timestamptz not null default now())`;
    const applied = await sql<{ number: number; name: string; hash: string }[]>`
      select number, name, hash from migrations order by number`;
    for (const { number, name, hash } of applied) {
      const file = migrations.find((migration) => migration.number === number);
      if (file === undefined)
        throw new MigrationError(
          `the database has migration ${name}, which this version does not know: run a newer version`,
        );
      if (file.hash !== hash)
        throw new MigrationError(`${name} was changed after it was applied: restore it and add a new file`);
    }
    const pending = migrations.filter((migration) => applied.every(({ number }) => number !== migration.number));
    for (const { number, name, hash, text } of pending) {
      await sql.begin(async (tx) => {
        await tx.unsafe(text);
        await tx`insert into migrations (number, name, hash) values (${number}, ${name}, ${hash})`;
      });
    }
    return pending.map(({ name }) => name);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
