/**
 * Models on the disk: a folder with `model.json` (what it is) and `weights.safetensors` (its parameters).
 *
 * Two kinds: `encoder` (stage 1; also those under resources/encoders) and `localiser` (encoder and head together, ready to predict).
 */
import { join, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { cardProblem } from '#core/train/modelCard';
import type { EncoderCard, LocaliserCard } from '#core/train/modelCard';
import { packMaps, unpackMaps } from '#core/train/packing';
import { readFileIfThere, writeFileWhole } from '#service/media/file/wholeFiles';
import { decodeTensors, encodeTensors } from './tensorFile.ts';

export type { EncoderCard, LocaliserCard } from '#core/train/modelCard';

/** An encoder in memory. */
export interface LoadedEncoder {
  readonly card: EncoderCard;
  readonly parameters: TensorMap;
}

/** A localiser in memory. */
export interface LoadedLocaliser {
  readonly card: LocaliserCard;
  readonly encoder: TensorMap;
  readonly head: TensorMap;
}

const SHIPPED = fileURLToPath(new URL('../../resources/encoders/', import.meta.url));

/** Folder of an encoder: a path, or a name under resources/encoders. */
export function encoderFolder(nameOrPath: string): string {
  return isAbsolute(nameOrPath) || nameOrPath.includes('/') || nameOrPath.includes('\\')
    ? nameOrPath
    : join(process.env['LOFI_ENCODERS'] ?? SHIPPED, nameOrPath);
}

async function readModel(
  folder: string,
  kind: 'encoder' | 'localiser',
): Promise<{ card: unknown; tensors: TensorMap }> {
  const cardBytes = await readFileIfThere(join(folder, 'model.json'));
  const weights = await readFileIfThere(join(folder, 'weights.safetensors'));
  if (cardBytes === null || weights === null) {
    const what = cardBytes === null ? 'model.json' : 'weights.safetensors';
    throw new StudioError(
      'not-found',
      `${folder} holds no ${what}. Choose the folder of a model that this program made.`,
      { path: folder },
    );
  }
  let card: unknown;
  try {
    card = JSON.parse(cardBytes.toString('utf8'));
  } catch {
    throw new StudioError(
      'damaged',
      `${join(folder, 'model.json')} is not JSON. Restore it from a backup or train again.`,
      { path: folder },
    );
  }
  const problem = cardProblem(card);
  if (problem !== null) {
    throw new StudioError(
      'bad-input',
      `${join(folder, 'model.json')} is not a model of this program (${problem}).`,
      { path: folder },
    );
  }
  const found = (card as EncoderCard | LocaliserCard).kind;
  if (found !== kind) {
    const words = { encoder: 'an encoder', localiser: 'a localiser' };
    throw new StudioError('bad-input', `${folder} holds ${words[found]}, but ${words[kind]} is needed.`, {
      path: folder,
    });
  }
  return { card, tensors: decodeTensors(weights, join(folder, 'weights.safetensors')).tensors };
}

/**
 * Reads an encoder by name or folder; of a localiser's folder its encoder, so that a training can go on from a model.
 * @throws StudioError `not-found`, `damaged`, `bad-input`
 */
export async function loadEncoder(nameOrPath: string): Promise<LoadedEncoder> {
  const folder = encoderFolder(nameOrPath);
  if (await isLocaliser(folder)) {
    const { card, encoder } = await loadLocaliser(folder);
    return {
      card: { version: 1, kind: 'encoder', name: nameOrPath, spec: card.spec, about: { from: card.variant } },
      parameters: encoder,
    };
  }
  const { card, tensors } = await readModel(folder, 'encoder');
  const encoder = card as EncoderCard;
  checkEncoderParameters(buildEncoderLayers(encoder.spec).parameters, tensors);
  return { card: encoder, parameters: tensors };
}

async function isLocaliser(folder: string): Promise<boolean> {
  const bytes = await readFileIfThere(join(folder, 'model.json'));
  return bytes !== null && /"kind":\s*"localiser"/.test(bytes.toString('utf8'));
}

/** Writes an encoder. @returns bytes of its weights */
export async function saveEncoder(folder: string, card: EncoderCard, parameters: TensorMap): Promise<number> {
  const weights = encodeTensors(parameters);
  await writeFileWhole(join(folder, 'weights.safetensors'), weights);
  await writeFileWhole(join(folder, 'model.json'), `${JSON.stringify(card, null, 2)}\n`);
  return weights.length;
}

/** Reads a localiser. @throws StudioError `not-found`, `damaged`, `bad-input` */
export async function loadLocaliser(folder: string): Promise<LoadedLocaliser> {
  const { card, tensors } = await readModel(folder, 'localiser');
  const localiser = card as LocaliserCard;
  const maps = unpackMaps(tensors);
  const encoder = maps['encoder'] ?? {};
  checkEncoderParameters(buildEncoderLayers(localiser.spec).parameters, encoder);
  return { card: localiser, encoder, head: maps['head'] ?? {} };
}

/** Writes a localiser. @returns bytes of its weights */
export async function saveLocaliser(
  folder: string,
  { card, encoder, head }: LoadedLocaliser,
): Promise<number> {
  const weights = encodeTensors(packMaps({ encoder, head }));
  await writeFileWhole(join(folder, 'weights.safetensors'), weights);
  await writeFileWhole(join(folder, 'model.json'), `${JSON.stringify(card, null, 2)}\n`);
  return weights.length;
}
