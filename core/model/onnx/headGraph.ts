/**
 * What the graphs of all heads share: weights as constants, convolutions over time, norms, towers, the halving of a level.
 *
 * Values are [1, channels, steps]; one sequence of a fixed number of steps.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { NORM_EPSILON } from '#core/model/bricks/convBlocks';
import { createGraphWriter, type Attribute, type GraphValue, type GraphWriter } from './graphWriter.ts';

/** Names of inputs and outputs. */
export const HEAD_VALUES = {
  /** float32 [1, T, C] */
  features: 'features',
  /** float32 [1, T, 1]: 1 for steps of the video, 0 for padding. Pyramid heads only. */
  mask: 'mask',
  /** float32 [1, Σ T / stride, K]: all levels, finest first. */
  logits: 'logits',
  /** float32 [1, Σ T / stride, 2]: distances to start and end in strides; TriDet: [1, Σ T / stride, 2 · (bins + 1)]. */
  offsets: 'offsets',
  /** TriDet: boundary logits of each class, float32 [1, Σ T / stride, K]. */
  starts: 'starts',
  ends: 'ends',
  /** G-TAD: probabilities of a start and an end, float32 [1, T]. */
  start: 'start',
  end: 'end',
  /** G-TAD: overlap as regression, then as classification; row d, column s. // float32 [1, 2, D, T] */
  confidence: 'confidence',
  /** G-TAD with a classifier: class logits of each step, float32 [1, T, K]. */
  classes: 'classes',
} as const;

/** One level of a pyramid. */
export interface Level {
  /** [1, width, steps] */
  readonly value: GraphValue;
  /** [1, 1, steps] */
  readonly mask: GraphValue;
}

/** Writes the nodes of one head. */
export interface HeadWriter {
  readonly writer: GraphWriter;
  /** A parameter as a constant, written once; `shape` where it is not its own. */
  readonly weight: (name: string, shape?: readonly number[]) => GraphValue;
}

/** A writer over a head's parameters. The weights throw StudioError `bad-input` when one is missing. */
export function createHeadWriter(parameters: TensorMap): HeadWriter {
  const writer = createGraphWriter();
  const constants = new Map<string, GraphValue>();
  return {
    writer,
    weight: (name, given) => {
      const tensor = parameters[name];
      if (tensor === undefined) {
        throw new StudioError('bad-input', `The head's parameter "${name}" is missing.`, { tensor: name });
      }
      const shape = given ?? tensor.shape;
      const key = given === undefined ? name : `${name} ${given.join('×')}`;
      const known = constants.get(key) ?? writer.constant(tensor.data, shape, key);
      constants.set(key, known);
      return known;
    },
  };
}

/** Steps that a pyramid can halve. @throws StudioError `wrong-usage` */
export function checkPyramidSteps(levels: number, steps: number): void {
  const coarsest = 2 ** (levels - 1);
  if (!Number.isInteger(steps) || steps < coarsest || steps % coarsest !== 0) {
    throw new StudioError(
      'wrong-usage',
      `The head's ${levels} levels need a number of steps that ${coarsest} divides; got ${steps}.`,
    );
  }
}

/** `${name}.weight` over time, zero padding that keeps the length. */
export function conv(
  { writer, weight }: HeadWriter,
  x: GraphValue,
  name: string,
  options: { readonly bias: boolean; readonly group?: number },
): GraphValue {
  const kernel = weight(`${name}.weight`);
  const inputs = options.bias ? [x, kernel, weight(`${name}.bias`)] : [x, kernel];
  const side = (kernel.shape[2]! - 1) / 2;
  const attributes: Record<string, Attribute> = {
    kernel_shape: [kernel.shape[2]!],
    pads: [side, side],
    strides: [1],
  };
  if (options.group !== undefined) attributes['group'] = options.group;
  return writer.node('Conv', inputs, [1, kernel.shape[0]!, x.shape[2]!], attributes);
}

/** [1, A, B] → [1, B, A] */
export function swap(writer: GraphWriter, x: GraphValue): GraphValue {
  return writer.node('Transpose', [x], [1, x.shape[2]!, x.shape[1]!], { perm: [0, 2, 1] });
}

/** x · mask */
export function masked(writer: GraphWriter, { value, mask }: Level): GraphValue {
  return writer.node('Mul', [value, mask], value.shape);
}

/** Layer norm over channels, optional ReLU, mask. */
export function norm(
  { writer, weight }: HeadWriter,
  { value, mask }: Level,
  name: string,
  options: { readonly relu: boolean; readonly epsilon?: number },
): GraphValue {
  const rows = swap(writer, value);
  const inputs = [rows, weight(`${name}.weight`), weight(`${name}.bias`)];
  const attributes = { axis: -1, epsilon: { float: options.epsilon ?? NORM_EPSILON } };
  const normal = swap(writer, writer.node('LayerNormalization', inputs, rows.shape, attributes));
  const active = options.relu ? writer.node('Relu', [normal], normal.shape) : normal;
  return masked(writer, { value: active, mask });
}

/** Convolution, norm and ReLU, `count` times. */
export function tower(head: HeadWriter, level: Level, name: string, count: number): Level {
  let current = level;
  for (let i = 0; i < count; i += 1) {
    const convolved = conv(head, current.value, `${name}.${i}.conv`, { bias: false });
    const value = norm(head, { ...current, value: convolved }, `${name}.${i}.norm`, { relu: true });
    current = { ...current, value };
  }
  return current;
}

/** Below every feature, as in `halveByMaxPool`. */
const VERY_LOW = -1e9;

/**
 * The next level: max pooling by two, every second step of the mask.
 *
 * @param maskedWins false where values may be negative: then padding must not win over them
 */
export function halve(writer: GraphWriter, { value, mask }: Level, maskedWins: boolean): Level {
  const steps = value.shape[2]! / 2;
  let steady = value;
  if (!maskedWins) {
    const one = writer.constant(Float32Array.of(1), [1]);
    const low = writer.constant(Float32Array.of(VERY_LOW), [1]);
    const outside = writer.node('Mul', [writer.node('Sub', [one, mask], mask.shape), low], mask.shape);
    steady = writer.node('Add', [value, outside], value.shape);
  }
  const pooled = writer.node('MaxPool', [steady], [1, value.shape[1]!, steps], {
    kernel_shape: [3],
    pads: [1, 1],
    strides: [2],
  });
  const bounds = [[0], [mask.shape[2]!], [2], [2]] as const;
  const [from, to, axis, step] = bounds.map((values) => writer.integers(values));
  const halved = writer.node('Slice', [mask, from!, to!, axis!, step!], [1, 1, steps]);
  return { value: masked(writer, { value: pooled, mask: halved }), mask: halved };
}

/** Declares features and mask and embeds them: the first level of a pyramid. */
export function pyramidInput(
  head: HeadWriter,
  config: { readonly inChannels: number; readonly embedLayers: number },
  steps: number,
): Level {
  const { writer } = head;
  const features = writer.input(HEAD_VALUES.features, 'float32', [1, steps, config.inChannels]);
  const mask = swap(writer, writer.input(HEAD_VALUES.mask, 'float32', [1, steps, 1]));
  const value = masked(writer, { value: swap(writer, features), mask });
  return tower(head, { value, mask }, 'projection.embed', config.embedLayers);
}

/** The offsets of a level: ReLU(scale · raw). // [1, width, steps] → [1, steps, width] */
export function scaledOffsets({ writer, weight }: HeadWriter, raw: GraphValue, level: number): GraphValue {
  const scaled = writer.node('Mul', [raw, weight(`rpn_head.scale.${level}.scale`)], raw.shape);
  return swap(writer, writer.node('Relu', [scaled], raw.shape));
}

/** Joins all levels into one output. // each [1, steps, width] */
export function joinOutput(writer: GraphWriter, name: string, parts: readonly GraphValue[]): void {
  const rows = parts.reduce((sum, part) => sum + part.shape[1]!, 0);
  writer.output(writer.node('Concat', parts, [1, rows, parts[0]!.shape[2]!], { axis: 1 }, name));
}
