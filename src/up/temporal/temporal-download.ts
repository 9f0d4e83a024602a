import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '../process/run-command.ts';
import type { Screen } from '../screen.ts';

const connectMs = 10_000;
const stallMs = 30_000;

/** Temporal's names of processors where they differ from Node's. */
const archNames: Readonly<Record<string, string>> = { x64: 'amd64' };

/**
 * Downloads the official release, as Temporal's SDK does, and puts the program at `target`.
 * @returns `target`.
 * @throws Error when the site cannot be reached within 10 s, answers with an error, or sends nothing for 30 s.
 */
export async function downloadTemporal(
  version: string,
  target: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<string> {
  const url = `https://temporal.download/cli/archive/v${version}?platform=${platform()}&arch=${archNames[arch()] ?? arch()}`;
  const folder = `${target}.download.${process.pid}`;
  const archive = join(folder, 'temporal.tar.gz');
  const patience = createPatience(connectMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, patience.signal]) });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    await mkdir(folder, { recursive: true });
    const size = Number(response.headers.get('content-length') ?? 0);
    let received = 0;
    const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        patience.renew(stallMs);
        received += chunk.length;
        screen.progress(`downloading Temporal: ${Math.floor(received / 1e6)} of ${Math.floor(size / 1e6)} MB`);
        yield chunk;
      }
    };
    screen.say(`downloading Temporal (${Math.ceil(size / 1e6)} MB, once)`);
    patience.renew(stallMs);
    await pipeline(response.body, counted, createWriteStream(archive));
    patience.stop();
    await runCommand(['tar', '-xzf', archive, '-C', folder, 'temporal'], { signal });
    await rename(join(folder, 'temporal'), target);
    return target;
  } catch (error) {
    // fetch says only "fetch failed". The cause says what failed.
    const { message, cause } = error as Error;
    throw new Error(cause instanceof Error ? `${message}: ${cause.message}` : message, { cause: error });
  } finally {
    patience.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A time limit that can be extended as long as there is progress. */
function createPatience(firstMs: number): { signal: AbortSignal; renew(ms: number): void; stop(): void } {
  const controller = new AbortController();
  const over = (ms: number): void => controller.abort(new Error(`nothing came for ${ms / 1_000} s`));
  let timer = setTimeout(over, firstMs, firstMs);
  return {
    signal: controller.signal,
    renew: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(over, ms, ms);
    },
    stop: () => clearTimeout(timer),
  };
}
