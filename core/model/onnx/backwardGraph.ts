/**
 * Writes an encoder's backward pass as ONNX nodes: the gradient of the features in, the gradient of every trainable parameter out.
 *
 * ONNX has no gradient operators, so each is composed: the input's gradient as a convolution with the flipped weight (a transposed
 * convolution where the stride is above one), the weight's as one matrix product of the output's gradient with the unfolded input,
 * ReLU's as a product with the sign of its output, batch norm's from the batch's own statistics (Ioffe and Szegedy, 2015).
 */
import type { BatchNormMode } from '#core/compute/engine';
import type { ConvLayer, EncoderLayers } from '#core/model/encoder/layers';
import type { ConvValues, ForwardValues, FrameShape } from './forwardGraph.ts';
import type { GraphValue, GraphWriter } from './graphWriter.ts';
import {
  channelShape,
  convAttributes,
  emitShift,
  foldedScaleName,
  foldedOffsetName,
} from './forwardGraph.ts';
import { otherAxes, reshape } from './forwardGraph.ts';
import { trainableParts, valuesWithGradient } from '#core/model/encoder/trainable';
import { emitMaxPoolGradient } from './poolGradient.ts';

/** Name of the graph input that holds dL/dfeatures. */
export const FEATURE_GRADIENT_INPUT = 'featureGradients';

/** Name of the output that holds the gradient of a parameter or folded value. */
export const gradientName = (parameter: string): string => `${parameter}.gradient`;

/** What to differentiate. */
export interface BackwardOptions {
  readonly shape: FrameShape;
  readonly batchNorm: BatchNormMode;
  /** Whether the gradient of a parameter is wanted, by its name. */
  readonly trainable: (name: string) => boolean;
}

/** Writes the backward pass after `emitForward`; gradients are declared as outputs. */
export function emitBackward(
  writer: GraphWriter,
  encoder: EncoderLayers,
  forward: ForwardValues,
  options: BackwardOptions,
): void {
  const needed = valuesWithGradient(encoder, options.trainable);
  const gradients = new Map<string, GraphValue>();
  const accumulate = (name: string, gradient: GraphValue): void => {
    const before = gradients.get(name);
    gradients.set(name, before ? writer.node('Add', [before, gradient], gradient.shape) : gradient);
  };
  if (needed.has(encoder.output)) {
    gradients.set(
      encoder.output,
      emitFeatureGradient(writer, encoder, forward.values.get(encoder.output)!, options),
    );
  }
  for (const layer of encoder.layers.toReversed()) {
    const gradient = gradients.get(layer.output);
    if (!gradient || !needed.has(layer.output)) continue;
    gradients.delete(layer.output);
    if (layer.kind === 'shift') {
      accumulate(layer.input, emitShift(writer, gradient, layer, options.shape.frames, -1));
    } else if (layer.kind === 'maxPool') {
      const input = forward.values.get(layer.input)!;
      const output = forward.values.get(layer.output)!;
      accumulate(layer.input, emitMaxPoolGradient(writer, input, output, gradient));
    } else {
      const conv = forward.convs.get(layer.weight)!;
      const masked = layer.relu
        ? writer.node('Mul', [gradient, writer.node('Sign', [conv.output], gradient.shape)], gradient.shape)
        : gradient;
      if (layer.residual !== null && needed.has(layer.residual)) accumulate(layer.residual, masked);
      const afterNorm = emitNormGradient(writer, layer, conv, masked, options);
      if (options.trainable(layer.weight) || frozenNormNeedsWeight(layer, options)) {
        emitWeightGradient(writer, layer, conv, afterNorm, options);
      }
      if (needed.has(layer.input)) accumulate(layer.input, emitInputGradient(writer, layer, conv, afterNorm));
    }
  }
}

/** dL/dfeatures [S, C] spread over frames and positions. */
function emitFeatureGradient(
  writer: GraphWriter,
  encoder: EncoderLayers,
  last: GraphValue,
  { shape }: BackwardOptions,
): GraphValue {
  const channels = encoder.featureChannels;
  const gradient = writer.input(FEATURE_GRADIENT_INPUT, 'float32', [shape.snippets, channels]);
  const positions = last.shape.slice(2).reduce((total, length) => total * length, 1);
  const frames = encoder.spatialRank === 2 ? shape.frames : 1;
  const share = writer.constant(Float32Array.of(1 / (frames * positions)), [1]);
  const scaled = writer.node('Mul', [gradient, share], gradient.shape);
  const small = reshape(writer, scaled, [shape.snippets, 1, channels, 1]);
  const spread = [shape.snippets, frames, channels, positions];
  return reshape(writer, writer.node('Expand', [small, writer.integers(spread)], spread), last.shape);
}

/** With folded batch norm the scale's gradient comes out of the weight's. */
function frozenNormNeedsWeight(layer: ConvLayer, options: BackwardOptions): boolean {
  return options.batchNorm === 'frozen' && trainableParts(layer, options.trainable).norm;
}

/** Gradient of what came out of the convolution; declares the gradients of offset (and, when trained, scale). */
function emitNormGradient(
  writer: GraphWriter,
  layer: ConvLayer,
  conv: ConvValues,
  gradient: GraphValue,
  options: BackwardOptions,
): GraphValue {
  const rank = gradient.shape.length;
  const axes = writer.integers(otherAxes(rank));
  const wanted = trainableParts(layer, options.trainable).norm;
  if (options.batchNorm === 'frozen') {
    if (wanted) {
      const name = gradientName(foldedOffsetName(layer.norm));
      writer.output(writer.node('ReduceSum', [gradient, axes], [layer.outChannels], { keepdims: 0 }, name));
    }
    return gradient;
  }
  const channel = channelShape(layer.outChannels, rank, 1);
  const { shape } = gradient;
  const centred = conv.centred!;
  const inverse = conv.inverseDeviation!;
  const offsetGradient = writer.node(
    'ReduceSum',
    [gradient, axes],
    channel,
    {},
    gradientName(`${layer.norm}.bias`),
  );
  const correlation = writer.node(
    'ReduceSum',
    [writer.node('Mul', [gradient, centred], shape), axes],
    channel,
  );
  const scaleName = gradientName(`${layer.norm}.weight`);
  const scaleGradient = writer.node('Mul', [correlation, inverse], channel, {}, scaleName);
  if (wanted) {
    writer.output(offsetGradient);
    writer.output(scaleGradient);
  }
  // scale · (gradient − mean(gradient) − centred · inverse · mean(gradient · normalised))
  const share = writer.constant(Float32Array.of(layer.outChannels / shape.reduce((a, b) => a * b, 1)), [1]);
  const meanGradient = writer.node('Mul', [offsetGradient, share], channel);
  const slope = writer.node('Mul', [writer.node('Mul', [scaleGradient, share], channel), inverse], channel);
  const along = writer.node('Mul', [centred, slope], shape);
  const rest = writer.node('Sub', [writer.node('Sub', [gradient, along], shape), meanGradient], shape);
  return writer.node('Mul', [rest, conv.scale], shape);
}

/** [N, C, …] → [C, N, …] */
function channelsFirst(writer: GraphWriter, value: GraphValue): GraphValue {
  const [count, channels, ...space] = value.shape as [number, number, ...number[]];
  const perm = [1, 0, ...space.map((_, axis) => axis + 2)];
  return writer.node('Transpose', [value], [channels, count, ...space], { perm });
}

/** Every offset of a kernel, in the weight's order. */
export function kernelOffsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, i) => [...offset, i])),
    [[]],
  );
}

/** The convolution's input as a matrix [in · kernel, N · output positions]. */
function emitUnfolded(
  writer: GraphWriter,
  layer: ConvLayer,
  input: GraphValue,
  space: readonly number[],
): GraphValue {
  let source = channelsFirst(writer, input);
  const columns = source.shape[1]! * space.reduce((a, b) => a * b, 1);
  if (layer.padding.some((size) => size > 0)) {
    const pads = [0, 0, ...layer.padding];
    const shape = source.shape.map((length, axis) => length + 2 * pads[axis]!);
    source = writer.node('Pad', [source, writer.integers([...pads, ...pads])], shape);
  }
  const offsets = kernelOffsets(layer.kernel);
  const axes = writer.integers(space.map((_, axis) => axis + 2));
  const strides = writer.integers(layer.stride);
  const strided = layer.stride.some((stride) => stride > 1);
  const slices = offsets.map((offset) => {
    if (offsets.length === 1 && !strided) return reshape(writer, source, [layer.inChannels, 1, columns]);
    const ends = offset.map((start, axis) => start + (space[axis]! - 1) * layer.stride[axis]! + 1);
    const shape = [...source.shape.slice(0, 2), ...space];
    const slice = writer.node(
      'Slice',
      [source, writer.integers(offset), writer.integers(ends), axes, strides],
      shape,
    );
    return reshape(writer, slice, [layer.inChannels, 1, columns]);
  });
  const joined =
    slices.length === 1
      ? slices[0]!
      : writer.node('Concat', slices, [layer.inChannels, offsets.length, columns], { axis: 1 });
  return reshape(writer, joined, [layer.inChannels * offsets.length, columns]);
}

/** Declares the weight's gradient and, with folded batch norm, the folded scale's. */
function emitWeightGradient(
  writer: GraphWriter,
  layer: ConvLayer,
  conv: ConvValues,
  gradient: GraphValue,
  options: BackwardOptions,
): void {
  const space = gradient.shape.slice(2);
  const unfolded = emitUnfolded(writer, layer, conv.input, space);
  const columns = unfolded.shape[1]!;
  const rows = reshape(writer, channelsFirst(writer, gradient), [layer.outChannels, columns]);
  const flat = writer.node('Gemm', [rows, unfolded], [layer.outChannels, unfolded.shape[0]!], { transB: 1 });
  const name = gradientName(layer.weight);
  const { shape } = conv.usedWeight;
  if (options.batchNorm === 'trained') {
    writer.output(writer.node('Reshape', [flat, writer.integers(shape)], shape, {}, name));
    return;
  }
  const used = reshape(writer, flat, shape);
  if (options.trainable(layer.weight)) writer.output(writer.node('Mul', [used, conv.scale], shape, {}, name));
  if (trainableParts(layer, options.trainable).norm) {
    const weight = { name: layer.weight, shape };
    const axes = writer.integers(shape.slice(1).map((_, axis) => axis + 1));
    const products = writer.node('Mul', [used, weight], shape);
    const scaleName = gradientName(foldedScaleName(layer.norm));
    writer.output(
      writer.node('ReduceSum', [products, axes], [layer.outChannels], { keepdims: 0 }, scaleName),
    );
  }
}

/** [out, in, …kernel] → [in, out, …kernel turned around]. */
function emitFlipped(writer: GraphWriter, weight: GraphValue): GraphValue {
  const swapped = channelsFirst(writer, weight);
  const [inChannels, outChannels, ...kernel] = swapped.shape as [number, number, ...number[]];
  const size = kernel.reduce((a, b) => a * b, 1);
  if (size === 1) return swapped;
  const flat = reshape(writer, swapped, [inChannels, outChannels, size]);
  const [start, end, axis, step] = [-1, -1000, 2, -1].map((value) => writer.integers([value]));
  const turned = writer.node('Slice', [flat, start!, end!, axis!, step!], flat.shape);
  return reshape(writer, turned, swapped.shape);
}

function emitInputGradient(
  writer: GraphWriter,
  layer: ConvLayer,
  conv: ConvValues,
  gradient: GraphValue,
): GraphValue {
  const { shape } = conv.input;
  if (layer.stride.every((stride) => stride === 1)) {
    const flipped = emitFlipped(writer, conv.usedWeight);
    return writer.node('Conv', [gradient, flipped], shape, convAttributes(layer));
  }
  const spare = layer.kernel.map((size, axis) => {
    const covered = (gradient.shape[axis + 2]! - 1) * layer.stride[axis]! + size - 2 * layer.padding[axis]!;
    return shape[axis + 2]! - covered;
  });
  const attributes = { ...convAttributes(layer), output_padding: spare };
  return writer.node('ConvTranspose', [gradient, conv.usedWeight], shape, attributes);
}
