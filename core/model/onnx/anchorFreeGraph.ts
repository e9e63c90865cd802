/**
 * The anchor-free head as an ONNX graph with constant weights, for other programs.
 *
 * The same network as `detectors/anchorFree.ts`, level by level instead of all levels in one matrix. One sequence of a fixed number of
 * steps; shorter ones are padded and masked. Decoding and soft-NMS stay with the caller: a point is `index · stride + 0.5` steps, a segment
 * reaches from `point − offset · stride` to `point + offset · stride`, a score is the sigmoid of its logit.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { NORM_EPSILON } from '#core/model/bricks/convBlocks';
import type { AnchorFreeConfig } from '#core/model/detectors/config';
import { createGraphWriter, type GraphValue, type GraphWriter } from './graphWriter.ts';

/** Names of the graph's inputs and outputs. */
export const HEAD_VALUES = {
  /** float32 [1, T, C] */
  features: 'features',
  /** float32 [1, T, 1]: 1 for steps of the video, 0 for padding. */
  mask: 'mask',
  /** float32 [1, Σ T / stride, K]: all levels, finest first. */
  logits: 'logits',
  /** float32 [1, Σ T / stride, 2]: distances to start and end in strides. */
  offsets: 'offsets',
} as const;

interface Level {
  /** [1, width, steps] */
  readonly value: GraphValue;
  /** [1, 1, steps] */
  readonly mask: GraphValue;
}

/** Writes the nodes of one head. */
interface HeadWriter {
  readonly writer: GraphWriter;
  readonly weight: (name: string) => GraphValue;
}

function conv({ writer, weight }: HeadWriter, x: GraphValue, name: string, bias: boolean): GraphValue {
  const kernel = weight(`${name}.weight`);
  const inputs = bias ? [x, kernel, weight(`${name}.bias`)] : [x, kernel];
  const side = (kernel.shape[2]! - 1) / 2;
  const attributes = { kernel_shape: [kernel.shape[2]!], pads: [side, side], strides: [1] };
  return writer.node('Conv', inputs, [1, kernel.shape[0]!, x.shape[2]!], attributes);
}

/** [1, A, B] → [1, B, A] */
function swap(writer: GraphWriter, x: GraphValue): GraphValue {
  return writer.node('Transpose', [x], [1, x.shape[2]!, x.shape[1]!], { perm: [0, 2, 1] });
}

/** Layer norm over channels, optional ReLU, mask. */
function norm(head: HeadWriter, { value, mask }: Level, name: string, relu: boolean): GraphValue {
  const { writer, weight } = head;
  const rows = swap(writer, value);
  const inputs = [rows, weight(`${name}.weight`), weight(`${name}.bias`)];
  const attributes = { axis: -1, epsilon: { float: NORM_EPSILON } };
  const normal = swap(writer, writer.node('LayerNormalization', inputs, rows.shape, attributes));
  const active = relu ? writer.node('Relu', [normal], normal.shape) : normal;
  return writer.node('Mul', [active, mask], active.shape);
}

function tower(head: HeadWriter, level: Level, name: string, count: number): Level {
  let current = level;
  for (let i = 0; i < count; i += 1) {
    const convolved = conv(head, current.value, `${name}.${i}.conv`, false);
    current = { ...current, value: norm(head, { ...current, value: convolved }, `${name}.${i}.norm`, true) };
  }
  return current;
}

/** The next level: max pooling by two, every second step of the mask. */
function halve(writer: GraphWriter, { value, mask }: Level): Level {
  const steps = value.shape[2]! / 2;
  const pooled = writer.node('MaxPool', [value], [1, value.shape[1]!, steps], {
    kernel_shape: [3],
    pads: [1, 1],
    strides: [2],
  });
  const bounds = [[0], [mask.shape[2]!], [2], [2]] as const;
  const [from, to, axis, step] = bounds.map((values) => writer.integers(values));
  const halved = writer.node('Slice', [mask, from!, to!, axis!, step!], [1, 1, steps]);
  return { value: writer.node('Mul', [pooled, halved], pooled.shape), mask: halved };
}

/**
 * The head for sequences of `steps` steps as an ONNX file (opset 20).
 *
 * @param steps a multiple of the coarsest stride, 2 ** (levels − 1)
 * @throws StudioError `wrong-usage` for another number of steps, `bad-input` when a parameter is missing
 */
export function anchorFreeModel(config: AnchorFreeConfig, parameters: TensorMap, steps: number): Uint8Array {
  const coarsest = 2 ** (config.levels - 1);
  if (!Number.isInteger(steps) || steps < coarsest || steps % coarsest !== 0) {
    throw new StudioError(
      'wrong-usage',
      `The head's ${config.levels} levels need a number of steps that ${coarsest} divides; got ${steps}.`,
    );
  }
  const writer = createGraphWriter();
  const constants = new Map<string, GraphValue>();
  const weight = (name: string): GraphValue => {
    const tensor = parameters[name];
    if (tensor === undefined) {
      throw new StudioError('bad-input', `The head's parameter "${name}" is missing.`, { tensor: name });
    }
    const known = constants.get(name) ?? writer.constant(tensor.data, tensor.shape, name);
    constants.set(name, known);
    return known;
  };
  const head: HeadWriter = { writer, weight };
  const features = writer.input(HEAD_VALUES.features, 'float32', [1, steps, config.inChannels]);
  const given = writer.input(HEAD_VALUES.mask, 'float32', [1, steps, 1]);
  const mask = swap(writer, given);
  const valid = writer.node('Mul', [swap(writer, features), mask], [1, config.inChannels, steps]);
  let level = tower(head, { value: valid, mask }, 'projection.embed', config.embedLayers);

  const logits: GraphValue[] = [];
  const offsets: GraphValue[] = [];
  for (let i = 0; i < config.levels; i += 1) {
    if (i > 0) level = halve(writer, level);
    const normal: Level = { ...level, value: norm(head, level, `neck.fpn_norms.${i}`, false) };
    const classes = tower(head, normal, 'rpn_head.cls_convs', config.towerLayers);
    const distances = tower(head, normal, 'rpn_head.reg_convs', config.towerLayers);
    logits.push(swap(writer, conv(head, classes.value, 'rpn_head.cls_head', true)));
    const raw = conv(head, distances.value, 'rpn_head.reg_head', true);
    const scaled = writer.node('Mul', [raw, weight(`rpn_head.scale.${i}.scale`)], raw.shape);
    offsets.push(swap(writer, writer.node('Relu', [scaled], raw.shape)));
  }
  for (const [name, parts] of [
    [HEAD_VALUES.logits, logits],
    [HEAD_VALUES.offsets, offsets],
  ] as const) {
    const rows = parts.reduce((sum, part) => sum + part.shape[1]!, 0);
    writer.output(writer.node('Concat', parts, [1, rows, parts[0]!.shape[2]!], { axis: 1 }, name));
  }
  return writer.finish();
}
