import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildWithGo, type GoProgram } from '../../src/up/temporal/go-build.ts';
import { createScreen } from '../../src/up/screen.ts';
import { temporalCachePath } from '../../src/up/temporal/temporal-sources.ts';

/** A Go program that only tests and benchmarks need. */
interface GoTool extends GoProgram {
  /** Where the program is kept, by version, for all clones of this user. */
  readonly target: () => string;
}

const besideTemporal = (name: string) => (): string => join(dirname(temporalCachePath()), name);

/** The Temporal server that keeps its data in PostgreSQL. The server in the CLI can only use SQLite. */
export const temporalServer: GoTool = {
  title: 'the Temporal server',
  tool: 'temporal',
  path: 'go.temporal.io/server/cmd/server',
  usually: 'about 6 minutes',
  target: besideTemporal('temporal-server'),
};

/** The tool that creates the schema of that server. */
export const temporalSqlTool: GoTool = {
  title: "Temporal's SQL tool",
  tool: 'temporal',
  path: 'go.temporal.io/server/cmd/tools/sql',
  usually: 'about a minute',
  target: besideTemporal('temporal-sql-tool'),
};

export const toxiproxyServer: GoTool = {
  title: 'Toxiproxy',
  tool: 'toxiproxy',
  path: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  usually: 'about a minute',
  target: () => join(dirname(temporalCachePath()), '..', 'toxiproxy-2.5.0', 'toxiproxy-server'),
};

const limitMs = 40 * 60_000;

/**
 * Returns the path of a program. Builds it unless an earlier run has built it.
 * @throws Error when it cannot be built.
 */
export async function goTool(tool: GoTool): Promise<string> {
  const target = tool.target();
  if (existsSync(target)) return target;
  return buildWithGo(tool, target, createScreen(), AbortSignal.timeout(limitMs));
}
