import { readFileSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import { parse, YAMLParseError } from 'yaml';
import { ConfigError } from '../config.ts';
import { defaultTenant } from '../domain/ids.ts';
import { identityInputSchema } from '../api/schemas/identity.ts';
import { errorFinder } from '../api/http/validation.ts';
import type { FiledIdentity } from '../store/people/filed-identities.ts';

const { name, accounts } = identityInputSchema.properties;
const chosen = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' });
const fileSchema = Type.Array(
  Type.Object({ id: chosen, tenant: Type.Optional(chosen), name, accounts }, { additionalProperties: false }),
  { maxItems: 100_000 },
);
const findErrors = errorFinder(fileSchema);

/**
 * Reads the file of identities: a list in YAML or JSON. Each entry has the fields that the API takes, plus `id` and
 * optionally `tenant` (`default` if missing).
 * @throws ConfigError naming the file and the entry.
 */
export function readIdentitiesFile(path: string): FiledIdentity[] {
  const refused = (message: string): ConfigError => new ConfigError(`CARILLON_IDENTITIES_FILE: ${path}${message}`);
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof YAMLParseError) throw refused(`: ${error.message.split('\n')[0] ?? ''}`);
    throw refused(`: ${(error as Error).message}`);
  }
  const [error] = findErrors(value);
  if (error !== undefined) throw refused(`${error.path === '' ? '' : ` ${error.path}`}: ${error.message}`);
  const filed = (value as Static<typeof fileSchema>).map((one) => ({
    id: one.id,
    tenant: one.tenant ?? defaultTenant,
    name: one.name ?? null,
    accounts: one.accounts,
  }));
  const seen = new Map<string, number>();
  for (const [index, one] of filed.entries())
    for (const key of [
      `id ${one.id}`,
      ...one.accounts.map((account) => `account ${account.connection} ${account.person}`),
    ]) {
      const whole = `${one.tenant} ${key}`;
      const first = seen.get(whole);
      if (first !== undefined) throw refused(` /${index}: ${key} stands in /${first} already`);
      seen.set(whole, index);
    }
  return filed;
}
