/**
 * From a checkpoint to the parameters of an encoder, every tensor accounted for: used, not needed, missing, unexpected or of another shape.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import type { EncoderName } from '#core/model/encoder/catalogue';
import { ENCODER_NAMES, ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { WeightSource } from './nameTables.ts';
import { canonicalNames, otherShiftName } from './nameTables.ts';
import type { StoredTensor } from './storedTensor.ts';
import { toHostTensor } from './storedTensor.ts';

/** A tensor whose shape is not the one needed. */
export interface MisshapedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly needed: readonly number[];
}

/** How a checkpoint fits an encoder. Names are those of the file, but for `missing`. */
export interface EncoderFit {
  readonly source: WeightSource;
  /** Parameter of the encoder → name in the file. */
  readonly used: ReadonlyMap<string, string>;
  /** Parameters of the encoder that the file lacks. */
  readonly missing: readonly string[];
  /** Names in the file that the encoder has no place for. */
  readonly unexpected: readonly string[];
  readonly misshaped: readonly MisshapedTensor[];
  /** Known and not needed: the classifier, batch norm's counters. */
  readonly ignored: readonly string[];
}

/** Compares a checkpoint with an encoder; undefined when its names are of no known source. */
export function fitEncoder(
  tensors: ReadonlyMap<string, StoredTensor>,
  spec: EncoderSpec,
): EncoderFit | undefined {
  const canonical = canonicalNames(tensors.keys());
  if (canonical === undefined) return undefined;
  const used = new Map<string, string>();
  const missing: string[] = [];
  const misshaped: MisshapedTensor[] = [];
  const left = new Map(canonical.names);
  for (const { name, shape } of buildEncoderLayers(spec).parameters) {
    const found = [name, otherShiftName(name)].find((each) => left.has(each));
    const fileName = found === undefined ? undefined : left.get(found);
    if (found === undefined || fileName === undefined) {
      missing.push(name);
      continue;
    }
    left.delete(found);
    const tensor = tensors.get(fileName)!;
    if (tensor.shape.join() === shape.join()) used.set(name, fileName);
    else misshaped.push({ name: fileName, shape: tensor.shape, needed: shape });
  }
  return {
    source: canonical.source,
    used,
    missing,
    unexpected: [...left.values()],
    misshaped,
    ignored: canonical.ignored,
  };
}

/** Whether a checkpoint fills an encoder wholly. */
export function isCompleteFit(fit: EncoderFit): boolean {
  return fit.missing.length === 0 && fit.misshaped.length === 0 && fit.unexpected.length === 0;
}

/** Encoders of the catalogue that a checkpoint fills wholly; shifted ones first where its names have `.net`. */
export function encodersThatFit(tensors: ReadonlyMap<string, StoredTensor>): EncoderName[] {
  const shifted = [...tensors.keys()].some((name) => /\.conv1(?:\.conv)?\.net\.weight$/.test(name));
  const rank = (name: EncoderName): number => ((ENCODERS[name].family === 'tsm-resnet') === shifted ? 0 : 1);
  return ENCODER_NAMES.filter((name) => {
    const fit = fitEncoder(tensors, ENCODERS[name]);
    return fit !== undefined && isCompleteFit(fit);
  }).sort((a, b) => rank(a) - rank(b));
}

/**
 * The description of a residual network that is not in the catalogue (ResNet-101, other widths), told by the shapes of its tensors.
 *
 * @returns undefined when the names or shapes are not those of a residual network
 */
export function inferEncoder(tensors: ReadonlyMap<string, StoredTensor>): EncoderSpec | undefined {
  const canonical = canonicalNames(tensors.keys());
  if (canonical === undefined) return undefined;
  const shapeOf = (name: string): readonly number[] | undefined =>
    tensors.get(canonical.names.get(name) ?? '')?.shape;
  const stem = shapeOf('conv1.weight');
  const shifted = shapeOf('layer1.0.conv1.net.weight') !== undefined;
  if (stem?.length !== 4) return undefined;
  const blocks: number[] = [];
  const widths: number[] = [];
  for (let stage = 1; stage <= 4; stage += 1) {
    const widthOf = (block: number): number | undefined =>
      (shapeOf(`layer${stage}.${block}.conv1.net.weight`) ??
        shapeOf(`layer${stage}.${block}.conv1.weight`))?.[0];
    let count = 0;
    while (widthOf(count) !== undefined) count += 1;
    if (count === 0) return undefined;
    blocks.push(count);
    widths.push(widthOf(0)!);
  }
  const bottleneck = shapeOf('layer1.0.conv3.weight') !== undefined;
  const spec: EncoderSpec = {
    family: shifted ? 'tsm-resnet' : 'resnet',
    block: bottleneck ? 'bottleneck' : 'basic',
    blocks,
    widths,
    stem: stem[2] === 7 ? 'imagenet' : 'small',
    framesPerSnippet: 8,
    shiftDivision: 8,
    featureChannels: widths[3]! * (bottleneck ? 4 : 1),
  };
  const fit = fitEncoder(tensors, spec);
  return fit !== undefined && isCompleteFit(fit) ? spec : undefined;
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/**
 * The parameters of an encoder from a checkpoint.
 *
 * @throws StudioError `bad-input` that says what is missing, unexpected, of another shape, or not a number
 */
export function loadEncoderWeights(
  tensors: ReadonlyMap<string, StoredTensor>,
  spec: EncoderSpec,
  file: string,
): TensorMap {
  const fit = fitEncoder(tensors, spec);
  if (fit === undefined || !isCompleteFit(fit)) {
    const reasons =
      fit === undefined
        ? ['its names are not those of TSM, torchvision or MMAction2']
        : [
            ...(fit.missing.length > 0 ? [`missing: ${listOf(fit.missing)}`] : []),
            ...(fit.misshaped.length > 0
              ? [
                  `of another shape: ${listOf(fit.misshaped.map(({ name, shape, needed }) => `${name} [${shape.join(', ')}] instead of [${needed.join(', ')}]`))}`,
                ]
              : []),
            ...(fit.unexpected.length > 0 ? [`unexpected: ${listOf(fit.unexpected)}`] : []),
          ];
    const fits = encodersThatFit(tensors);
    const advice =
      fits.length > 0
        ? `It is a checkpoint of ${fits.join(' or ')}; choose that.`
        : 'Choose a checkpoint of this encoder.';
    throw new StudioError(
      'bad-input',
      `${file} does not fit this encoder (${reasons.join('; ')}). ${advice}`,
      {
        path: file,
        missing: fit?.missing.slice(0, 20) ?? [],
        unexpected: fit?.unexpected.slice(0, 20) ?? [],
      },
    );
  }
  const parameters: TensorMap = {};
  for (const [name, fileName] of fit.used) {
    const tensor = toHostTensor(tensors.get(fileName)!);
    if (tensor.data.some((value) => !Number.isFinite(value))) {
      throw new StudioError(
        'bad-input',
        `${file}: the tensor “${fileName}” holds values that are not numbers. Use another checkpoint.`,
        {
          path: file,
          tensor: fileName,
        },
      );
    }
    parameters[name] = tensor;
  }
  return parameters;
}
