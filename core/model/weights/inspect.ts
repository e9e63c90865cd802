/**
 * What a checkpoint is, told before it is used: its kind, what it fits, and every tensor.
 */
import type { CheckpointFact, CheckpointFile } from './checkpointFile.ts';
import type { EncoderName } from '#core/model/encoder/catalogue';
import { ENCODER_NAMES, ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderFit, MisshapedTensor } from './encoderWeights.ts';
import { encodersThatFit, fitEncoder } from './encoderWeights.ts';
import { fitGtad } from './gtadWeights.ts';
import type { WeightSource } from './nameTables.ts';
import { elementCount } from './storedTensor.ts';

/** What `model inspect` prints. */
export interface CheckpointReport {
  readonly form: CheckpointFile['form'];
  readonly kind: 'encoder' | 'g-tad' | 'localiser' | 'unknown';
  /** Whose names the weights have; null when unknown. */
  readonly source: WeightSource | 'gtad' | null;
  /** The encoder, or the closest one when `complete` is false. */
  readonly encoder: EncoderName | null;
  /** Every encoder of the catalogue that the weights fill. */
  readonly encoders: readonly EncoderName[];
  /** G-TAD's branch. */
  readonly variant: 'anet' | 'thumos' | null;
  /** Channels of the features that come out of an encoder or go into a head. */
  readonly featureChannels: number | null;
  /** Nothing is missing, unexpected or of another shape. */
  readonly complete: boolean;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshaped: readonly MisshapedTensor[];
  readonly ignored: readonly string[];
  readonly parameterCount: number;
  readonly tensorCount: number;
  /** Tensors outside the weights: an optimiser's. */
  readonly otherTensors: number;
  readonly wrapper: string;
  readonly facts: Readonly<Record<string, CheckpointFact>>;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: string;
  }[];
}

/** The encoder that most tensors fit. */
function closestEncoder(file: CheckpointFile): { name: EncoderName; fit: EncoderFit } | undefined {
  return ENCODER_NAMES.flatMap((name) => {
    const fit = fitEncoder(file.tensors, ENCODERS[name]);
    return fit === undefined || fit.used.size === 0 ? [] : [{ name, fit }];
  }).sort((a, b) => distance(a.fit) - distance(b.fit))[0];
}

function distance(fit: EncoderFit): number {
  return fit.missing.length + fit.unexpected.length + fit.misshaped.length;
}

/** Describes a checkpoint. */
export function inspectCheckpoint(file: CheckpointFile): CheckpointReport {
  const counts = {
    form: file.form,
    parameterCount: [...file.tensors.values()].reduce((sum, tensor) => sum + elementCount(tensor.shape), 0),
    tensorCount: file.tensors.size,
    otherTensors: file.otherTensors,
    wrapper: file.wrapper,
    facts: file.facts,
    tensors: [...file.tensors].map(([name, { shape, type }]) => ({ name, shape, dtype: type })),
  };
  const gtad = fitGtad(file.tensors);
  if (gtad !== undefined) {
    const { missing, unexpected, misshaped, config } = gtad;
    return {
      ...counts,
      kind: 'g-tad',
      source: 'gtad',
      encoder: null,
      encoders: [],
      variant: config.variant,
      featureChannels: config.inChannels,
      complete: missing.length + unexpected.length + misshaped.length === 0,
      missing,
      unexpected,
      misshaped,
      ignored: [],
    };
  }
  const encoders = encodersThatFit(file.tensors);
  const [best] = encoders;
  const closest =
    best === undefined
      ? closestEncoder(file)
      : { name: best, fit: fitEncoder(file.tensors, ENCODERS[best])! };
  if (closest === undefined) {
    const unknown = {
      encoder: null,
      encoders,
      variant: null,
      featureChannels: null,
      complete: false,
      misshaped: [],
      ignored: [],
    };
    return {
      ...counts,
      ...unknown,
      kind: 'unknown',
      source: null,
      missing: [],
      unexpected: [...file.tensors.keys()],
    };
  }
  const { name, fit } = closest;
  const hasHead = [...file.tensors.keys()].some((each) => each.startsWith('head/'));
  return {
    ...counts,
    kind: hasHead ? 'localiser' : 'encoder',
    source: fit.source,
    encoder: name,
    encoders,
    variant: null,
    featureChannels: ENCODERS[name].featureChannels,
    complete: best !== undefined,
    missing: fit.missing,
    unexpected: fit.unexpected,
    misshaped: fit.misshaped,
    ignored: fit.ignored,
  };
}
