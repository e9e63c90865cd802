/** Encoders and heads for `encode`, `localize` and `model`, from checkpoints of others and from models of this program. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { TensorMap } from '#core/compute/hostTensor';
import type { EncoderName } from '#core/model/encoder/catalogue';
import { encoderByName, ENCODERS, isEncoderName } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { CheckpointFile } from '#core/model/weights/checkpointFile';
import { readCheckpointFile } from '#core/model/weights/checkpointFile';
import { encodersThatFit, inferEncoder, loadEncoderWeights } from '#core/model/weights/encoderWeights';
import { fitGtad, loadGtadWeights } from '#core/model/weights/gtadWeights';
import { toTensorMap } from '#core/model/weights/storedTensor';
import type { DetectorConfig } from '#core/model/detectors/config';
import type { LocaliserCard } from '#worker/modelFolder';
import { encoderFolder } from '#worker/modelFolder';
import { readBytes } from './files.ts';

/** An encoder ready to be opened on an engine. */
export interface EncoderInput {
  readonly spec: EncoderSpec;
  readonly parameters: TensorMap;
  /** In the catalogue; null for other sizes. */
  readonly name: EncoderName | null;
}

const WEIGHTS = 'weights.safetensors';
const CARD = 'model.json';

/** The weights file of a path: the file itself, the one in a model's folder, or a shipped encoder by name. */
export async function weightsPath(source: string): Promise<string> {
  const found = await stat(source).catch(() => null);
  if (found?.isFile() === true) return source;
  if (found?.isDirectory() === true) return path.join(source, WEIGHTS);
  const shipped = path.join(encoderFolder(source), WEIGHTS);
  if (!source.includes('/') && (await stat(shipped).catch(() => null)) !== null) return shipped;
  throw new StudioError('not-found', `There is no file or model ${source}. Check the path.`, {
    path: source,
  });
}

/** Reads a checkpoint of any kind. @throws StudioError `not-found`, `bad-input` */
export async function readCheckpoint(
  source: string,
): Promise<{ readonly file: string; readonly checkpoint: CheckpointFile }> {
  const file = await weightsPath(source);
  return { file, checkpoint: readCheckpointFile(await readBytes(file), file) };
}

/** What `model.json` beside the weights says; null where there is none. */
export async function readCard(weightsFile: string): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readFile(path.join(path.dirname(weightsFile), CARD), 'utf8').catch(() => null);
  if (text === null || path.basename(weightsFile) !== WEIGHTS) return null;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/**
 * An encoder from a checkpoint.
 *
 * @param architecture a name of the catalogue, where the checkpoint fits several (a plain ResNet's weights in a TSM)
 * @throws StudioError `bad-input` that says why a checkpoint does not fit
 */
export async function readEncoder(source: string, architecture?: string): Promise<EncoderInput> {
  const { file, checkpoint } = await readCheckpoint(source);
  const { tensors } = checkpoint;
  if (architecture !== undefined) {
    const spec = encoderByName(architecture);
    return {
      spec,
      parameters: loadEncoderWeights(tensors, spec, file),
      name: isEncoderName(architecture) ? architecture : null,
    };
  }
  const [name] = encodersThatFit(tensors);
  if (name !== undefined) {
    return { spec: ENCODERS[name], parameters: loadEncoderWeights(tensors, ENCODERS[name], file), name };
  }
  const spec = inferEncoder(tensors) ?? ENCODERS['tsm-resnet18'];
  return { spec, parameters: loadEncoderWeights(tensors, spec, file), name: null };
}

/** A head with its parameters. */
export interface HeadInput {
  readonly config: DetectorConfig;
  readonly parameters: TensorMap;
  /** Empty for class-agnostic proposals. */
  readonly labels: readonly string[];
  /** Steps that it was trained on at once; null: any. */
  readonly windowSnippets: number | null;
}

/** A head from a localiser of this program or from a G-TAD checkpoint. @throws StudioError `bad-input` */
export async function readHead(source: string): Promise<HeadInput> {
  const { file, checkpoint } = await readCheckpoint(source);
  const card = await readCard(file);
  if (card?.['kind'] === 'localiser') {
    const { detector, labels, sampling } = card as unknown as Omit<LocaliserCard, 'sampling'> &
      Partial<LocaliserCard>;
    const own = [...checkpoint.tensors].filter(([name]) => name.startsWith('head/'));
    const parameters = toTensorMap(
      new Map(own.map(([name, tensor]) => [name.slice('head/'.length), tensor])),
    );
    return { config: detector, parameters, labels, windowSnippets: sampling?.snippets ?? null };
  }
  if (fitGtad(checkpoint.tensors) === undefined) {
    throw new StudioError(
      'bad-input',
      `${file} is no head: a checkpoint of G-TAD or the folder of a localiser that this program trained was expected. “model inspect” says what it is.`,
      { path: file },
    );
  }
  return { ...loadGtadWeights(checkpoint.tensors, file), labels: [], windowSnippets: null };
}
