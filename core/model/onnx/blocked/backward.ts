/**
 * An encoder's backward pass in ONNX Runtime's blocked layout.
 *
 * The input's gradient is a convolution of the output's with the flipped weight, one for each phase of the stride; a gradient that is
 * there already is added inside the convolution. The weight's gradient is one matrix product for each place in the kernel, of the output's
 * gradient [out, positions] with the input's rows [positions, in], which are whole runs of memory once channels are last.
 */
import type { ConvLayer, EncoderLayers } from '#core/model/encoder/layers';
import type { GraphValue, GraphWriter } from '#core/model/onnx/graphWriter';
import type { FrameShape } from '#core/model/onnx/forwardGraph';
import { trainableParts, valuesWithGradient } from '#core/model/encoder/trainable';
import { FEATURE_GRADIENT_INPUT, gradientName, kernelOffsets } from '#core/model/onnx/backwardGraph';
import { foldedOffsetName, reshape } from '#core/model/onnx/forwardGraph';
import { axisView, BLOCKED_DOMAIN, emitBlockedShift, interleave, type BlockedWriter } from './emit.ts';
import type { BlockedForward } from './forward.ts';
import { blockedChannels, phasesOf, type Phase } from './layout.ts';
import { emitBlockedPoolGradient } from './pool.ts';

/** Name of the output [out, in] that holds the folded weight's gradient at one place of the kernel. */
export const tapGradientName = (weight: string, tap: number): string => `${gradientName(weight)}.${tap}`;

/** Name of the input that an output's gradient is added to. Both may be the same memory: then runs add up where they are. */
export const sumName = (output: string): string => `${output}.sum`;

/**
 * Writes the backward pass after `emitBlockedForward`; gradients of folded weights and offsets, added to the inputs of `sumName`, are declared
 * as outputs.
 */
export function emitBlockedBackward(
  blocked: BlockedWriter,
  encoder: EncoderLayers,
  forward: BlockedForward,
  shape: FrameShape,
  trainable: (name: string) => boolean,
): void {
  const { writer } = blocked;
  const needed = valuesWithGradient(encoder, trainable);
  const gradients = new Map<string, GraphValue>();
  const add = (name: string, gradient: GraphValue): void => {
    const before = gradients.get(name);
    gradients.set(name, before ? writer.node('Add', [before, gradient], gradient.shape) : gradient);
  };
  if (!needed.has(encoder.output)) return;
  gradients.set(
    encoder.output,
    emitFeatureGradient(blocked, encoder, forward.values.get(encoder.output)!, shape),
  );
  for (const layer of encoder.layers.toReversed()) {
    const gradient = gradients.get(layer.output);
    if (!gradient || !needed.has(layer.output)) continue;
    gradients.delete(layer.output);
    if (layer.kind === 'shift') {
      const channels = forward.channels.get(layer.input)!;
      add(layer.input, emitBlockedShift(blocked, gradient, layer, channels, shape.frames, -1));
    } else if (layer.kind === 'maxPool') {
      add(layer.input, emitBlockedPoolGradient(blocked, forward.readPool(layer.output), gradient));
    } else {
      const masked = layer.relu ? emitMask(writer, gradient, forward.read(layer.output)) : gradient;
      if (layer.residual !== null && needed.has(layer.residual)) add(layer.residual, masked);
      const parts = trainableParts(layer, trainable);
      if (parts.norm || trainable(layer.weight)) {
        emitWeightGradient(blocked, layer, forward, masked);
      }
      if (needed.has(layer.input)) {
        const input = forward.values.get(layer.input)!;
        const before = gradients.get(layer.input) ?? null;
        gradients.set(layer.input, emitInputGradient(blocked, layer, input.shape, masked, before));
      }
    }
  }
}

/** ReLU's gradient, from its output. */
function emitMask(writer: GraphWriter, gradient: GraphValue, output: GraphValue): GraphValue {
  const { shape } = output;
  // 1 where the output is above 0. `Sign` says the same and takes three times as long.
  const mask = writer.node('HardSigmoid', [output], shape, { alpha: { float: 3e38 }, beta: { float: 0 } });
  return writer.node('Mul', [gradient, mask], shape);
}

/** dL/dfeatures [S, C] spread over frames and positions. */
function emitFeatureGradient(
  { writer, block }: BlockedWriter,
  encoder: EncoderLayers,
  last: GraphValue,
  { snippets, frames }: FrameShape,
): GraphValue {
  const { featureChannels } = encoder;
  const [, padded, height, width] = last.shape as [number, number, number, number];
  const given = writer.input(FEATURE_GRADIENT_INPUT, 'float32', [snippets, featureChannels]);
  const share = writer.constant(Float32Array.of(1 / (frames * height * width)), [1]);
  const scaled = writer.node('Mul', [given, share], given.shape);
  const pads = writer.integers([0, 0, 0, padded - featureChannels]);
  const full = padded === featureChannels ? scaled : writer.node('Pad', [scaled, pads], [snippets, padded]);
  const small = reshape(writer, full, [snippets, 1, padded / block, 1, block]);
  const spread = [snippets, frames, padded / block, height * width, block];
  return reshape(writer, writer.node('Expand', [small, writer.integers(spread)], spread), last.shape);
}

/** Declares the gradients of the folded weight, place by place, and of the folded offset. */
function emitWeightGradient(
  { writer, block }: BlockedWriter,
  layer: ConvLayer,
  forward: BlockedForward,
  gradient: GraphValue,
): void {
  const input = forward.values.get(layer.input)!;
  const { inChannels, outChannels } = layer;
  const [count, , height, width] = gradient.shape as [number, number, number, number];
  const positions = count * height * width;
  const plain = writer.node(
    `${BLOCKED_DOMAIN}:ReorderOutput`,
    [gradient],
    [count, outChannels, height, width],
    {
      channels: outChannels,
    },
  );
  const turned = writer.node('Transpose', [plain], [outChannels, count, height, width], {
    perm: [1, 0, 2, 3],
  });
  const rows = reshape(writer, turned, [outChannels, positions]);
  const ofOffset = writer.node('ReduceSum', [rows, writer.integers([1])], [outChannels], { keepdims: 0 });
  outputSum(writer, ofOffset, gradientName(foldedOffsetName(layer.norm)));
  const [, channels, inHeight, inWidth] = input.shape as [number, number, number, number];
  if (channels % block !== 0) {
    const frames = reshape(writer, forward.readFrames(), [count, inHeight, inWidth, channels]);
    emitFirstWeightGradient(writer, layer, frames, rows, [height, width]);
    return;
  }
  const lastShape = [count, inHeight, inWidth, inChannels];
  const unpadded = writer.node(`${BLOCKED_DOMAIN}:ReorderOutput`, [forward.read(layer.input)], lastShape, {
    channels: inChannels,
    channels_last: 1,
  });
  let source = unpadded;
  if (layer.padding.some((size) => size > 0)) {
    const pads = [0, ...layer.padding, 0];
    const shape = lastShape.map((length, axis) => length + 2 * pads[axis]!);
    source = writer.node('Pad', [source, writer.integers([...pads, ...pads])], shape);
  }
  const axes = writer.integers([1, 2]);
  const strides = writer.integers(layer.stride);
  kernelOffsets(layer.kernel).forEach((offset, tap) => {
    const ends = [height, width].map(
      (length, axis) => offset[axis]! + (length - 1) * layer.stride[axis]! + 1,
    );
    const whole =
      layer.stride.every((stride) => stride === 1) &&
      offset.every((place, axis) => place === layer.padding[axis]) &&
      height === inHeight &&
      width === inWidth;
    const slice = whole
      ? unpadded
      : writer.node(
          'Slice',
          [source, writer.integers(offset), writer.integers(ends), axes, strides],
          [count, height, width, inChannels],
        );
    const columns = reshape(writer, slice, [positions, inChannels]);
    const shape = [outChannels, inChannels];
    const name = tapGradientName(layer.weight, tap);
    const sum = writer.input(sumName(name), 'float32', shape);
    writer.output(writer.node('Gemm', [rows, columns, sum], shape, {}, name));
  });
}

/**
 * The weight's gradient of the layer that reads the frames: with three channels, places of the kernel go into one matrix product.
 * Columns are taken `stride` at a time, so that runs of memory are as long as can be.
 * @param frames [N, H, W, 3]
 * @param rows the output's gradient [out, positions]
 */
function emitFirstWeightGradient(
  writer: GraphWriter,
  layer: ConvLayer,
  frames: GraphValue,
  rows: GraphValue,
  [height, width]: readonly [number, number],
): void {
  const { inChannels, outChannels } = layer;
  const [kernelHeight, kernelWidth] = layer.kernel as [number, number];
  const [down, across] = layer.stride as [number, number];
  const [count, inHeight, inWidth] = frames.shape as [number, number, number, number];
  const [top, left] = layer.padding as [number, number];
  const groups = Math.ceil(kernelWidth / across);
  const paddedHeight = inHeight + 2 * top;
  const paddedWidth = (width - 1 + groups) * across;
  const pads = writer.integers([0, top, left, 0, 0, top, paddedWidth - inWidth - left, 0]);
  const padded = writer.node('Pad', [frames, pads], [count, paddedHeight, paddedWidth, inChannels]);
  const grouped = reshape(writer, padded, [count, paddedHeight, paddedWidth / across, across * inChannels]);
  const slice = (
    value: GraphValue,
    axis: number,
    start: number,
    step: number,
    length: number,
  ): GraphValue => {
    const bounds = [[start], [start + (length - 1) * step + 1], [axis], [step]];
    const shape = value.shape.with(axis, length);
    return writer.node('Slice', [value, ...bounds.map((one) => writer.integers(one))], shape);
  };
  const columns = Array.from({ length: groups }, (_, group) => slice(grouped, 2, group, 1, width));
  const line = groups * across * inChannels;
  const wide = writer.node('Concat', columns, [count, paddedHeight, width, line], { axis: 3 });
  const places = Array.from({ length: kernelHeight }, (_, row) => slice(wide, 1, row, down, height));
  const size = kernelHeight * line;
  const unfolded = writer.node('Concat', places, [count, height, width, size], { axis: 3 });
  const matrix = reshape(writer, unfolded, [count * height * width, size]);
  const flat = writer.node('Gemm', [rows, matrix], [outChannels, size]);
  const split = reshape(writer, flat, [outChannels, kernelHeight, groups * across, inChannels]);
  const kernel = slice(split, 2, 0, 1, kernelWidth);
  const shape = [outChannels, inChannels, kernelHeight, kernelWidth];
  const turned = writer.node('Transpose', [kernel], shape, { perm: [0, 3, 1, 2] });
  outputSum(writer, turned, gradientName(layer.weight));
}

/** Declares an output under a name: the value added to its sum. */
function outputSum(writer: GraphWriter, value: GraphValue, name: string): void {
  const sum = writer.input(sumName(name), 'float32', value.shape);
  writer.output(writer.node('Add', [value, sum], value.shape, {}, name));
}

/** The input's gradient; `before` is added to it. */
function emitInputGradient(
  blocked: BlockedWriter,
  layer: ConvLayer,
  shape: readonly number[],
  gradient: GraphValue,
  before: GraphValue | null,
): GraphValue {
  const { writer, block } = blocked;
  const [count, channels, height, width] = shape as [number, number, number, number];
  const sizes = [Math.ceil(height / layer.stride[0]!), Math.ceil(width / layer.stride[1]!)];
  const conv = ({ name, rows, columns }: Phase, sum: GraphValue | null): GraphValue => {
    const kernel = [rows.taps.length, columns.taps.length];
    const result = [count, channels, ...sizes];
    if (kernel.includes(0)) {
      const zeros = writer.node('ConstantOfShape', [writer.integers(result)], result);
      return zeros;
    }
    const outChannels = blockedChannels(layer.outChannels, block);
    const weight = writer.input(name, 'float32', [channels, outChannels, ...kernel]);
    const after = [rows, columns].map(
      ({ before: front, taps }, axis) => sizes[axis]! + taps.length - 1 - gradient.shape[axis + 2]! - front,
    );
    const attributes = {
      kernel_shape: kernel,
      strides: [1, 1],
      pads: [rows.before, columns.before, ...after],
    };
    const inputs = sum === null ? [gradient, weight] : [gradient, weight, '', sum];
    return writer.node(`${BLOCKED_DOMAIN}:Conv`, inputs, result, attributes);
  };
  const phases = phasesOf(layer);
  if (phases.length === 1) return conv(phases[0]!, before);
  const parts = phases.map((phase) => conv(phase, null));
  const lines = [0, 2].map((first) => {
    const view = axisView(parts[first]!.shape, 3, block);
    const [even, odd] = [first, first + 1].map((index) =>
      reshape(writer, parts[index]!, [view.outer, view.length, view.inner]),
    ) as [GraphValue, GraphValue];
    return reshape(writer, interleave(writer, even, odd, width), [
      (count * channels) / block,
      sizes[0]!,
      width * block,
    ]);
  }) as [GraphValue, GraphValue];
  const whole = reshape(writer, interleave(writer, lines[0], lines[1], height), shape);
  return before === null ? whole : writer.node('Add', [before, whole], shape);
}
