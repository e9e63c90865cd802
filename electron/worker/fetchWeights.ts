/**
 * Published weights over the network, made an encoder that trainings start from. Runs only when a person asked for it, by a button or a command.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '#core/contract/errors';
import { encoderByName } from '#core/model/encoder/catalogue';
import { readCheckpointFile } from '#core/model/weights/checkpointFile';
import { loadEncoderWeights } from '#core/model/weights/encoderWeights';
import type { PublishedWeights } from '#core/model/weights/published';
import type { FetchJob, FetchResult } from '#core/train/job';
import type { JobHandle } from './control.ts';
import { saveEncoder } from './modelFolder.ts';

const MEBIBYTE = 2 ** 20;
/** Publishers give sizes to a thousandth of a MiB. */
const SIZE_ROUNDING = 0.0006;

/** Who waits for a file. */
export interface FetchWatcher {
  readonly signal: AbortSignal;
  /** Bytes so far and in all; `total` 0 where the server does not say. */
  readonly progress: (bytes: number, total: number) => void;
  readonly log: (text: string) => void;
}

/** What is wrong with a fetched file; null when size and hash are the published ones, as far as they are known. */
export function publishedProblem(entry: PublishedWeights, bytes: number, sha256: string): string | null {
  const { sizeMebibytes, sha256Prefix } = entry;
  if (sizeMebibytes !== null && Math.abs(bytes / MEBIBYTE - sizeMebibytes) > SIZE_ROUNDING) {
    return `it has ${(bytes / MEBIBYTE).toFixed(3)} MiB, the published file ${sizeMebibytes}`;
  }
  if (sha256Prefix !== null && !sha256.startsWith(sha256Prefix)) {
    return `its SHA-256 begins with ${sha256.slice(0, sha256Prefix.length)}, the published one with ${sha256Prefix}`;
  }
  return null;
}

/** Fetches into a file. @returns its size and SHA-256 */
async function download(
  url: string,
  file: string,
  { signal, progress }: FetchWatcher,
): Promise<{ bytes: number; sha256: string }> {
  const unreachable = (error: unknown): StudioError => {
    signal.throwIfAborted();
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : '';
    return new StudioError(
      'not-found',
      `${url} could not be reached (${reason}). Is there a network? Nothing was changed.`,
      { url },
    );
  };
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw unreachable(error);
  });
  if (!response.ok || response.body === null) {
    throw new StudioError('not-found', `${url} answered ${response.status} ${response.statusText}.`, { url });
  }
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      progress(bytes, total);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(file), { signal });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && error.syscall === 'write') throw error;
    throw unreachable(error);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Fetches published weights, checks size and hash as far as the publisher gives them, and makes an encoder of them in `folder`. A file that
 * differs is deleted and nothing is made.
 *
 * @throws StudioError `not-found`, `damaged`, `bad-input`, `conflict`
 */
export async function fetchWeights(
  entry: PublishedWeights,
  folder: string,
  watcher: FetchWatcher,
): Promise<Omit<FetchResult, 'kind'>> {
  if (existsSync(folder)) {
    throw new StudioError('conflict', `${folder} exists already. Choose another folder.`, { path: folder });
  }
  const parent = path.dirname(path.resolve(folder));
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(path.join(parent, '.fetching-'));
  try {
    const file = path.join(temporary, path.posix.basename(entry.url));
    const { bytes, sha256 } = await download(entry.url, file, watcher);
    const problem = publishedProblem(entry, bytes, sha256);
    if (problem !== null) {
      throw new StudioError(
        'damaged',
        `${entry.url} gave another file than was published: ${problem}. Nothing was kept; try again.`,
        { url: entry.url, bytes, sha256 },
      );
    }
    if (entry.sha256Prefix === null) {
      watcher.log(
        `The publisher gives no hash. The file's SHA-256 is ${sha256}; its tensors are checked by name and shape.`,
      );
    }
    const spec = encoderByName(entry.encoder);
    const parameters = loadEncoderWeights(readCheckpointFile(await readFile(file), file).tensors, spec, file);
    watcher.signal.throwIfAborted();
    const about = { from: entry.name, url: entry.url, sha256, trainedOn: entry.trainedOn };
    const card = { version: 1, kind: 'encoder', name: entry.encoder, spec, about } as const;
    return { folder, encoder: entry.encoder, bytes: await saveEncoder(folder, card, parameters), sha256 };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The job of the studio's button. */
export async function runFetchJob(job: FetchJob, handle: JobHandle): Promise<FetchResult> {
  let told = 0;
  const result = await fetchWeights(job.entry, job.folder, {
    signal: handle.signal,
    progress: (bytes, total) => {
      const now = performance.now();
      if (now - told < 100) return;
      told = now;
      const done = bytes / MEBIBYTE;
      const size = total > 0 ? total / MEBIBYTE : (job.entry.sizeMebibytes ?? 0);
      handle.report({
        type: 'progress',
        progress: {
          fraction: size > 0 ? Math.min(1, done / size) : 0,
          step: 'fetch',
          text: size > 0 ? `${done.toFixed(1)} of ${size.toFixed(1)} MiB` : `${done.toFixed(1)} MiB`,
          done,
          total: size,
          unit: 'MiB',
          secondsLeft: null,
        },
      });
    },
    log: (text) => handle.report({ type: 'log', level: 'info', text }),
  });
  return { kind: 'fetch', ...result };
}
