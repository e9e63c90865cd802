/**
 * Writes an encoder's forward pass as ONNX nodes: uint8 frames in, one feature vector per snippet out.
 *
 * Used alone for features and for export (with constant weights the runtime picks its blocked layouts), and as the first half of a
 * training step. Batch norm is either folded into the weights (`frozen`: inputs are the weight, the folded scale and the folded
 * offset) or computed from the batch (`trained`).
 */
import type { BatchNormMode } from '#core/compute/engine';
import type { ConvLayer, EncoderLayers, ShiftLayer } from '#core/model/encoder/layers';
import type { GraphValue, GraphWriter } from './graphWriter.ts';
import { FRAME_DEVIATION, FRAME_MEAN, NORM_EPSILON, outputLength } from '#core/model/encoder/layers';

/** Sizes of one batch; a graph is written for one of them. */
export interface FrameShape {
  readonly snippets: number;
  /** Frames of a snippet. */
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** What a convolution leaves behind for its backward pass. */
export interface ConvValues {
  readonly input: GraphValue;
  readonly output: GraphValue;
  /** The weight as it was used: folded when batch norm is frozen. */
  readonly usedWeight: GraphValue;
  /** [out, 1, …]: the folded scale (frozen), or gamma / deviation (trained). */
  readonly scale: GraphValue;
  /** Trained batch norm only: what came out of the convolution, minus its mean. */
  readonly centred?: GraphValue;
  /** Trained batch norm only: [1, out, 1, …] 1 / deviation. */
  readonly inverseDeviation?: GraphValue;
  readonly statistics?: { readonly mean: GraphValue; readonly variance: GraphValue };
}

/** The values of a forward pass. */
export interface ForwardValues {
  readonly features: GraphValue;
  readonly values: ReadonlyMap<string, GraphValue>;
  /** By the name of the convolution's weight. */
  readonly convs: ReadonlyMap<string, ConvValues>;
  /** Trained batch norm only: the batch's mean and biased variance by the norm's name, [1, C, 1, …]. */
  readonly statistics: ReadonlyMap<string, { readonly mean: GraphValue; readonly variance: GraphValue }>;
}

/** Where the parameters of a convolution come from. */
export type ParameterSource = (name: string, shape: readonly number[]) => GraphValue;

/** Names of graph inputs and outputs. */
export const FRAMES_INPUT = 'frames';
export const FEATURES_OUTPUT = 'features';

/** Name of the folded scale of a batch norm. */
export const foldedScaleName = (norm: string): string => `${norm}.foldedScale`;
/** Name of the folded offset of a batch norm. */
export const foldedOffsetName = (norm: string): string => `${norm}.foldedOffset`;
/** Name of the batch's own mean. */
export const batchMeanName = (norm: string): string => `${norm}.batchMean`;
/** Name of the batch's own (biased) variance. */
export const batchVarianceName = (norm: string): string => `${norm}.batchVariance`;

/** All axes but the channels. */
export function otherAxes(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)];
}

const product = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

/** Adds a leading or trailing run of ones: [out] → [out, 1, 1, 1] (`leading` 0) or [1, out, 1, 1] (`leading` 1). */
export function channelShape(channels: number, rank: number, leading: 0 | 1): number[] {
  const shape = Array<number>(rank).fill(1);
  shape[leading] = channels;
  return shape;
}

export function reshape(writer: GraphWriter, value: GraphValue, shape: readonly number[]): GraphValue {
  return writer.node('Reshape', [value, writer.integers(shape)], shape);
}

/** Frames, normalised. */
export interface FrameValues {
  /** float32 [S, T, H, W, 3] */
  readonly channelsLast: GraphValue;
  /** float32 [S·T, 3, H, W] or [S, 3, T, H, W] */
  readonly frames: GraphValue;
}

/** uint8 [S, T, H, W, 3] → normalised float32. Whole rows are normalised at once: with channels last, three numbers at a time are slow. */
export function emitFrames(writer: GraphWriter, encoder: EncoderLayers, shape: FrameShape): FrameValues {
  const { snippets, frames, height, width } = shape;
  const count = snippets * frames;
  const raw = writer.input(FRAMES_INPUT, 'uint8', [snippets, frames, height, width, 3]);
  const rows = [count, height, width * 3];
  const floats = writer.node('Cast', [reshape(writer, raw, rows)], rows, { to: 1 });
  const tile = (values: (channel: number) => number): GraphValue =>
    writer.constant(
      Float32Array.from({ length: width * 3 }, (_, i) => values(i % 3)),
      [width * 3],
    );
  const factor = tile((channel) => 1 / (255 * FRAME_DEVIATION[channel]!));
  const offset = tile((channel) => FRAME_MEAN[channel]! * 255);
  const normal = writer.node('Mul', [writer.node('Sub', [floats, offset], rows), factor], rows);
  const channelsLast = reshape(writer, normal, raw.shape);
  const turned =
    encoder.spatialRank === 2
      ? writer.node(
          'Transpose',
          [reshape(writer, normal, [count, height, width, 3])],
          [count, 3, height, width],
          {
            perm: [0, 3, 1, 2],
          },
        )
      : writer.node('Transpose', [channelsLast], [snippets, 3, frames, height, width], {
          perm: [0, 4, 1, 2, 3],
        });
  return { channelsLast, frames: turned };
}

/**
 * Shift inside snippets; `direction` −1 is its inverse for gradients (the transposed matrix).
 * value: [S·T, C, …]
 */
export function emitShift(
  writer: GraphWriter,
  value: GraphValue,
  layer: ShiftLayer,
  frames: number,
  direction: 1 | -1,
): GraphValue {
  const [count, channels, ...space] = value.shape as [number, number, ...number[]];
  const snippets = count / frames;
  const positions = product(space);
  const fold = Math.floor(channels / layer.division);
  const rest = channels - 2 * fold;
  const shaped = reshape(writer, value, [snippets, frames, channels, positions]);
  const [first, second, still] = writer.nodes(
    'Split',
    [shaped, writer.integers([fold, fold, rest])],
    [fold, fold, rest].map((size) => [snippets, frames, size, positions]),
    { axis: 2 },
  ) as [GraphValue, GraphValue, GraphValue];
  const move = (part: GraphValue, fromNext: boolean): GraphValue => {
    const pads = fromNext ? [0, -1, 0, 0, 0, 1, 0, 0] : [0, 1, 0, 0, 0, -1, 0, 0];
    return writer.node('Pad', [part, writer.integers(pads)], part.shape);
  };
  const parts = [move(first, direction === 1), move(second, direction === -1), still];
  return reshape(writer, writer.node('Concat', parts, shaped.shape, { axis: 2 }), value.shape);
}

/** Convolution attributes of a layer. */
export function convAttributes(layer: ConvLayer): Record<string, readonly number[]> {
  return { kernel_shape: layer.kernel, strides: layer.stride, pads: [...layer.padding, ...layer.padding] };
}

function convOutputShape(layer: ConvLayer, input: readonly number[]): number[] {
  const space = layer.kernel.map((size, axis) =>
    outputLength(input[axis + 2]!, size, layer.stride[axis]!, layer.padding[axis]!),
  );
  return [input[0]!, layer.outChannels, ...space];
}

interface ConvContext {
  readonly writer: GraphWriter;
  readonly parameter: ParameterSource;
  /** True when constants already hold the folded weight. */
  readonly folded: boolean;
}

/** Convolution with batch norm folded in. */
function emitFrozenConv(context: ConvContext, layer: ConvLayer, input: GraphValue): ConvValues {
  const { writer, parameter } = context;
  const rank = input.shape.length;
  const weight = parameter(layer.weight, [layer.outChannels, layer.inChannels, ...layer.kernel]);
  const offset = parameter(foldedOffsetName(layer.norm), [layer.outChannels]);
  const scale = context.folded
    ? offset
    : reshape(
        writer,
        parameter(foldedScaleName(layer.norm), [layer.outChannels]),
        channelShape(layer.outChannels, rank, 0),
      );
  const usedWeight = context.folded ? weight : writer.node('Mul', [weight, scale], weight.shape);
  const shape = convOutputShape(layer, input.shape);
  const output = writer.node('Conv', [input, usedWeight, offset], shape, convAttributes(layer));
  return { input, output, usedWeight, scale };
}

/** Convolution, then batch norm with the batch's own statistics. */
function emitTrainedConv(context: ConvContext, layer: ConvLayer, input: GraphValue): ConvValues {
  const { writer, parameter } = context;
  const rank = input.shape.length;
  const channel = channelShape(layer.outChannels, rank, 1);
  const axes = writer.integers(otherAxes(rank));
  const usedWeight = parameter(layer.weight, [layer.outChannels, layer.inChannels, ...layer.kernel]);
  const gamma = reshape(writer, parameter(`${layer.norm}.weight`, [layer.outChannels]), channel);
  const beta = reshape(writer, parameter(`${layer.norm}.bias`, [layer.outChannels]), channel);
  const shape = convOutputShape(layer, input.shape);
  const raw = writer.node('Conv', [input, usedWeight], shape, convAttributes(layer));
  const mean = writer.node('ReduceMean', [raw, axes], channel, {}, batchMeanName(layer.norm));
  const centred = writer.node('Sub', [raw, mean], shape);
  const squares = writer.node('Mul', [centred, centred], shape);
  const variance = writer.node('ReduceMean', [squares, axes], channel, {}, batchVarianceName(layer.norm));
  const epsilon = writer.constant(Float32Array.of(NORM_EPSILON), [1]);
  const deviation = writer.node('Sqrt', [writer.node('Add', [variance, epsilon], channel)], channel);
  const inverseDeviation = writer.node('Reciprocal', [deviation], channel);
  const scale = writer.node('Mul', [gamma, inverseDeviation], channel);
  const output = writer.node('Add', [writer.node('Mul', [centred, scale], shape), beta], shape);
  return { input, output, usedWeight, scale, centred, inverseDeviation, statistics: { mean, variance } };
}

/**
 * Writes the forward pass; the features are declared as output `features`.
 * @param folded whether `parameter` gives weights that already hold batch norm's scale
 */
export function emitForward(
  writer: GraphWriter,
  encoder: EncoderLayers,
  shape: FrameShape,
  batchNorm: BatchNormMode,
  parameter: ParameterSource,
  folded = false,
): ForwardValues {
  const values = new Map<string, GraphValue>();
  const convs = new Map<string, ConvValues>();
  const statistics = new Map<string, { readonly mean: GraphValue; readonly variance: GraphValue }>();
  const context: ConvContext = { writer, parameter, folded };
  values.set(encoder.input, emitFrames(writer, encoder, shape).frames);
  for (const layer of encoder.layers) {
    const input = values.get(layer.input)!;
    let output: GraphValue;
    if (layer.kind === 'shift') {
      output = emitShift(writer, input, layer, shape.frames, 1);
    } else if (layer.kind === 'maxPool') {
      const space = input.shape.slice(2).map((length) => outputLength(length, 3, 2, 1));
      const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
      output = writer.node('MaxPool', [input], [...input.shape.slice(0, 2), ...space], attributes);
    } else {
      const conv = (batchNorm === 'frozen' ? emitFrozenConv : emitTrainedConv)(context, layer, input);
      output = conv.output;
      if (layer.residual !== null)
        output = writer.node('Add', [output, values.get(layer.residual)!], output.shape);
      if (layer.relu) output = writer.node('Relu', [output], output.shape);
      convs.set(layer.weight, { ...conv, output });
      if (conv.statistics) statistics.set(layer.norm, conv.statistics);
    }
    values.set(layer.output, output);
  }
  const last = values.get(encoder.output)!;
  const features = emitFeatures(writer, encoder, last, shape);
  return { features, values, convs, statistics };
}

/** Mean over a snippet's frames and positions → [S, C]. */
function emitFeatures(
  writer: GraphWriter,
  encoder: EncoderLayers,
  last: GraphValue,
  shape: FrameShape,
): GraphValue {
  const result = [shape.snippets, encoder.featureChannels];
  const positions = product(last.shape.slice(2));
  let features: GraphValue;
  if (encoder.spatialRank === 2) {
    const split = reshape(writer, last, [shape.snippets, shape.frames, encoder.featureChannels, positions]);
    features = writer.node(
      'ReduceMean',
      [split, writer.integers([1, 3])],
      result,
      { keepdims: 0 },
      FEATURES_OUTPUT,
    );
  } else {
    const flat = reshape(writer, last, [...result, positions]);
    features = writer.node(
      'ReduceMean',
      [flat, writer.integers([2])],
      result,
      { keepdims: 0 },
      FEATURES_OUTPUT,
    );
  }
  writer.output(features);
  return features;
}
