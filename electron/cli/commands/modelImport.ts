/** `model import` and `model fetch`: weights of others as an encoder that trainings start from. Nothing is fetched without this command. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { PUBLISHED_WEIGHTS, type PublishedWeights } from '#core/model/weights/published';
import { saveEncoder } from '#worker/modelFolder';
import type { CliContext } from '#cli/context';
import { readEncoder } from '#cli/weightsInput';

/** An encoder that was imported. */
export interface ImportResult {
  readonly folder: string;
  readonly encoder: string;
  readonly bytes: number;
  /** SHA-256 of the file that it came from; null where it was not fetched. */
  readonly sha256: string | null;
}

/**
 * Makes a model folder of a checkpoint: what `encoder` in a training's configuration names.
 *
 * @throws StudioError `bad-input` when the checkpoint fits no encoder, `conflict` when the folder is taken
 */
export async function runImport(
  source: string,
  folder: string,
  architecture?: string,
  about: Readonly<Record<string, unknown>> = {},
): Promise<ImportResult> {
  if (existsSync(folder)) {
    throw new StudioError('conflict', `${folder} exists already. Choose another folder.`, { path: folder });
  }
  const { spec, parameters, name } = await readEncoder(source, architecture);
  const encoder = name ?? spec.family;
  const card = {
    version: 1,
    kind: 'encoder',
    name: encoder,
    spec,
    about: { from: source, ...about },
  } as const;
  const bytes = await saveEncoder(folder, card, parameters);
  return { folder, encoder, bytes, sha256: null };
}

/** Published weights by encoder or by name. @throws StudioError `wrong-usage` */
export function publishedWeights(name: string): PublishedWeights {
  const found = PUBLISHED_WEIGHTS.find((each) => each.encoder === name || each.name === name);
  if (found === undefined) {
    const names = PUBLISHED_WEIGHTS.map((each) => each.name).join('; ');
    throw new StudioError('wrong-usage', `No weights are published for “${name}”. There are: ${names}.`);
  }
  return found;
}

const MEBIBYTE = 2 ** 20;
/** Publishers give sizes to a thousandth of a MiB. */
const SIZE_ROUNDING = 0.0006;

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
  context: Pick<CliContext, 'progress' | 'signal'>,
): Promise<{ bytes: number; sha256: string }> {
  const response = await fetch(url, { signal: context.signal }).catch((error: unknown) => {
    context.signal.throwIfAborted();
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : '';
    throw new StudioError('not-found', `${url} could not be reached (${reason}). Check the network.`, {
      url,
    });
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
      const of = total > 0 ? ` of ${(total / MEBIBYTE).toFixed(1)}` : '';
      context.progress(`${(bytes / MEBIBYTE).toFixed(1)}${of} MiB`);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body as never), count, createWriteStream(file), {
    signal: context.signal,
  });
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Fetches published weights, checks size and hash as far as the publisher gives them, and makes an encoder of them. A file that differs is
 * deleted and nothing is made.
 *
 * @throws StudioError `not-found`, `damaged`, `bad-input`, `conflict`
 */
export async function runFetch(
  entry: PublishedWeights,
  folder: string,
  context: Pick<CliContext, 'progress' | 'signal' | 'log'>,
): Promise<ImportResult> {
  if (existsSync(folder)) {
    throw new StudioError('conflict', `${folder} exists already. Choose another folder.`, { path: folder });
  }
  const parent = path.dirname(path.resolve(folder));
  await mkdir(parent, { recursive: true });
  const file = path.join(parent, path.basename(new URL(entry.url).pathname));
  const temporary = `${file}.part`;
  try {
    const { bytes, sha256 } = await download(entry.url, temporary, context);
    const problem = publishedProblem(entry, bytes, sha256);
    if (problem !== null) {
      throw new StudioError(
        'damaged',
        `${entry.url} gave another file than was published: ${problem}. Nothing was kept; try again.`,
        { url: entry.url, bytes, sha256 },
      );
    }
    if (entry.sha256Prefix === null) {
      context.log(
        `The publisher gives no hash. The file's SHA-256 is ${sha256}; its tensors are checked by name and shape.`,
      );
    }
    await rename(temporary, file);
    const result = await runImport(file, folder, entry.encoder, {
      url: entry.url,
      sha256,
      trainedOn: entry.trainedOn,
    });
    return { ...result, sha256 };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Adds the commands under `model`. */
export function registerImport(model: Command, context: CliContext): void {
  const tell = ({ encoder, folder }: ImportResult): void =>
    context.log(
      `${encoder} in ${folder}. To train from it, set "encoder" to this folder in a configuration.`,
    );
  model
    .command('import <checkpoint> <folder>')
    .description('an encoder that trainings can start from, made of a checkpoint')
    .option('--architecture <name>', 'the encoder, where the weights fit several')
    .option('--json', 'print what was made as JSON')
    .action(
      async (
        checkpoint: string,
        folder: string,
        options: { readonly architecture?: string; readonly json?: boolean },
      ) => {
        const result = await runImport(checkpoint, folder, options.architecture);
        tell(result);
        if (options.json === true) context.out(result);
      },
    );
  model
    .command('fetch <encoder> <folder>')
    .description('published weights from the network (see `model published`), checked and made an encoder')
    .option('--json', 'print what was made as JSON')
    .action(async (encoder: string, folder: string, options: { readonly json?: boolean }) => {
      const result = await runFetch(publishedWeights(encoder), folder, context);
      tell(result);
      if (options.json === true) context.out(result);
    });
}
