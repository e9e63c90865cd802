/** `model import` and `model fetch`: weights of others as an encoder that trainings start from. Nothing is fetched without this command. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { mirrored, PUBLISHED_WEIGHTS, type PublishedWeights } from '#core/model/weights/published';
import { fetchWeights } from '#worker/fetchWeights';
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
    about: { from: source },
  } as const;
  const bytes = await saveEncoder(folder, card, parameters);
  return { folder, encoder, bytes, sha256: null };
}

/** Published weights, from a mirror where one is named. */
export const published = (): readonly PublishedWeights[] =>
  mirrored(PUBLISHED_WEIGHTS, process.env['LOFI_WEIGHTS_MIRROR']);

/** Published weights by encoder or by name. @throws StudioError `wrong-usage` */
export function publishedWeights(name: string): PublishedWeights {
  const found = published().find((each) => each.encoder === name || each.name === name);
  if (found === undefined) {
    const names = published()
      .map((each) => each.name)
      .join('; ');
    throw new StudioError('wrong-usage', `No weights are published for “${name}”. There are: ${names}.`);
  }
  return found;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

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
      const result = await fetchWeights(publishedWeights(encoder), folder, {
        signal: context.signal,
        progress: (bytes, total) => {
          const of = total > 0 ? ` of ${mebibytes(total)}` : '';
          context.progress(`${mebibytes(bytes)}${of} MiB`);
        },
        log: (text) => context.log(text),
      });
      tell(result);
      if (options.json === true) context.out(result);
    });
}
