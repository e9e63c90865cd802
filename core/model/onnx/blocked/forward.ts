/**
 * An encoder's forward pass in ONNX Runtime's blocked layout: frozen batch norm, two spatial axes.
 *
 * Convolution, offset, residual and ReLU are one node. Weights are inputs that hold batch norm's scale, in the order of `layout.ts`.
 */
import type { EncoderLayers } from '#core/model/encoder/layers';
import type { GraphValue } from '#core/model/onnx/graphWriter';
import { outputLength } from '#core/model/encoder/layers';
import {
  convAttributes,
  emitFrames,
  FEATURES_OUTPUT,
  foldedOffsetName,
  reshape,
} from '#core/model/onnx/forwardGraph';
import type { FrameShape } from '#core/model/onnx/forwardGraph';
import { BLOCKED_DOMAIN, emitBlockedShift, type BlockedWriter } from './emit.ts';
import { blockedChannels, blockedName } from './layout.ts';
import { emitBlockedPool, type PoolValues } from './pool.ts';
import { emitWinograd, mayTransform, paysToTransform } from './winograd.ts';

/** The values of a forward pass, blocked but for the frames. */
export interface BlockedForward {
  /** Normalised frames [S, T, H, W, 3]. */
  readonly frames: GraphValue;
  readonly values: ReadonlyMap<string, GraphValue>;
  /** True numbers of channels. */
  readonly channels: ReadonlyMap<string, number>;
  /** A value for the backward pass, by name. */
  readonly read: (name: string) => GraphValue;
  /** What a pool left behind, by the name of its output. */
  readonly readPool: (name: string) => PoolValues;
  /** The frames for the backward pass. */
  readonly readFrames: () => GraphValue;
}

/**
 * Writes the forward pass; the features are declared as output `features`.
 * @param transformed whether transformed weights are there for the layers that may use them (`winograd.ts`)
 */
export function emitBlockedForward(
  blocked: BlockedWriter,
  encoder: EncoderLayers,
  shape: FrameShape,
  transformed = false,
): BlockedForward {
  const { writer, block } = blocked;
  const frames = emitFrames(writer, encoder, shape);
  const values = new Map([[encoder.input, frames.frames]]);
  const channels = new Map([[encoder.input, 3]]);
  const pools = new Map<string, PoolValues>();
  for (const layer of encoder.layers) {
    const input = values.get(layer.input)!;
    const inputChannels = channels.get(layer.input)!;
    channels.set(layer.output, inputChannels);
    if (layer.kind === 'shift') {
      values.set(layer.output, emitBlockedShift(blocked, input, layer, inputChannels, shape.frames, 1));
    } else if (layer.kind === 'maxPool') {
      const pool = emitBlockedPool(blocked, input);
      pools.set(layer.output, pool);
      values.set(layer.output, pool.output);
    } else {
      channels.set(layer.output, layer.outChannels);
      const residual = layer.residual === null ? null : values.get(layer.residual)!;
      if (transformed && mayTransform(layer, block) && paysToTransform(input.shape)) {
        values.set(layer.output, emitWinograd(blocked, layer, input, residual));
        continue;
      }
      const out = blockedChannels(layer.outChannels, block);
      const weight = writer.input(blockedName(layer.weight), 'float32', [
        out,
        input.shape[1]!,
        ...layer.kernel,
      ]);
      const offset = writer.input(foldedOffsetName(layer.norm), 'float32', [out]);
      const space = layer.kernel.map((size, axis) =>
        outputLength(input.shape[axis + 2]!, size, layer.stride[axis]!, layer.padding[axis]!),
      );
      const attributes = { ...convAttributes(layer), ...(layer.relu ? { activation: 'Relu' } : {}) };
      const inputs = [input, weight, offset, ...(residual === null ? [] : [residual])];
      const result = [input.shape[0]!, out, ...space];
      values.set(layer.output, writer.node(`${BLOCKED_DOMAIN}:Conv`, inputs, result, attributes));
    }
  }
  emitFeatures(blocked, encoder, values.get(encoder.output)!, shape);
  return {
    frames: frames.channelsLast,
    values,
    channels,
    read: (name) => values.get(name)!,
    readPool: (name) => pools.get(name)!,
    readFrames: () => frames.channelsLast,
  };
}

/** Mean over a snippet's frames and positions → [S, C]. */
function emitFeatures(
  { writer, block }: BlockedWriter,
  encoder: EncoderLayers,
  last: GraphValue,
  shape: FrameShape,
): void {
  const [, padded, height, width] = last.shape as [number, number, number, number];
  const groups = padded / block;
  const view = [shape.snippets, shape.frames, groups, height * width, block];
  const attributes = { keepdims: 0 };
  const mean = writer.node(
    'ReduceMean',
    [reshape(writer, last, view), writer.integers([1, 3])],
    [shape.snippets, groups, block],
    attributes,
  );
  const { featureChannels } = encoder;
  const flat = reshape(writer, mean, [shape.snippets, padded]);
  const bounds = [[0], [featureChannels], [1], [1]].map((one) => writer.integers(one));
  writer.output(
    writer.node('Slice', [flat, ...bounds], [shape.snippets, featureChannels], {}, FEATURES_OUTPUT),
  );
}
