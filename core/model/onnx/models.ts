/**
 * Whole ONNX models of an encoder: features alone, features with constant weights, and a training step.
 */
import type { BatchNormMode } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { ConvLayer, EncoderLayers } from '#core/model/encoder/layers';
import type { FrameShape, ParameterSource } from './forwardGraph.ts';
import type { GraphValue, GraphWriter } from './graphWriter.ts';
import { emitBackward } from './backwardGraph.ts';
import { createGraphWriter } from './graphWriter.ts';
import { emitBlockedBackward } from './blocked/backward.ts';
import { emitBlockedShift } from './blocked/emit.ts';
import { emitBlockedForward } from './blocked/forward.ts';
import { emitColumnPool, type PoolValues } from './blocked/pool.ts';
import { emitForward, foldedOffsetName } from './forwardGraph.ts';
import { foldWeight } from '#core/model/encoder/fold';

/** Parameters as inputs of the graph, each declared once. */
function inputSource(writer: GraphWriter): ParameterSource {
  return (name, shape) => writer.input(name, 'float32', shape);
}

/** The forward pass with parameters as inputs. Inputs: frames and parameters; output: features. */
export function featuresModel(
  encoder: EncoderLayers,
  shape: FrameShape,
  batchNorm: BatchNormMode,
): Uint8Array {
  const writer = createGraphWriter();
  emitForward(writer, encoder, shape, batchNorm, inputSource(writer));
  return writer.finish();
}

/** The forward pass with batch norm folded and every weight constant: for export and for extraction. Input: frames; output: features. */
export function constantFeaturesModel(
  encoder: EncoderLayers,
  shape: FrameShape,
  parameters: TensorMap,
): Uint8Array {
  const writer = createGraphWriter();
  const constants = new Map<string, { data: Float32Array; shape: readonly number[] }>();
  for (const layer of encoder.layers) {
    if (layer.kind !== 'conv') continue;
    const folded = foldWeight(layer, parameters);
    constants.set(layer.weight, { data: folded.weight, shape: parameters[layer.weight]!.shape });
    constants.set(foldedOffsetName(layer.norm), { data: folded.offset, shape: [layer.outChannels] });
  }
  const source: ParameterSource = (name) => {
    const { data, shape: tensorShape } = constants.get(name)!;
    return writer.constant(data, tensorShape, name);
  };
  emitForward(writer, encoder, shape, 'frozen', source, true);
  return writer.finish();
}

/** Forward and backward pass in one graph. Inputs: frames, parameters, featureGradients; outputs: features and gradients. */
export function gradientsModel(
  encoder: EncoderLayers,
  shape: FrameShape,
  batchNorm: BatchNormMode,
  trainable: (name: string) => boolean,
): Uint8Array {
  const writer = createGraphWriter();
  const forward = emitForward(writer, encoder, shape, batchNorm, inputSource(writer));
  declareStatistics(writer, encoder, forward.statistics);
  emitBackward(writer, encoder, forward, { shape, batchNorm, trainable });
  return writer.finish();
}

/**
 * The forward pass with frozen batch norm in the runtime's blocked layout. Inputs: frames, blocked weights and folded offsets; output: features.
 * @param transformed whether Winograd's weights are inputs as well
 */
export function blockedFeaturesModel(
  encoder: EncoderLayers,
  shape: FrameShape,
  block: number,
  transformed: boolean,
): Uint8Array {
  const writer = createGraphWriter();
  emitBlockedForward({ writer, block }, encoder, shape, transformed);
  return writer.finish();
}

/** Forward and backward pass in the blocked layout. More inputs: featureGradients and the weights of each phase; outputs as `tapGradientName` says. */
export function blockedGradientsModel(
  encoder: EncoderLayers,
  shape: FrameShape,
  block: number,
  trainable: (name: string) => boolean,
): Uint8Array {
  const writer = createGraphWriter();
  const blocked = { writer, block };
  emitBlockedBackward(blocked, encoder, emitBlockedForward(blocked, encoder, shape), shape, trainable);
  return writer.finish();
}

/** A training step in two graphs, with the head between them. */
export interface SplitModels {
  readonly forward: Uint8Array;
  readonly backward: Uint8Array;
  /** Outputs of the first that are inputs of the second. */
  readonly kept: readonly GraphValue[];
}

/**
 * `blockedGradientsModel` cut in two: the first graph's outputs hold what the second needs of the forward pass. Shifted and half-pooled
 * values are computed again: that is cheaper than to hand them over.
 */
export function blockedSplitModels(
  encoder: EncoderLayers,
  shape: FrameShape,
  block: number,
  trainable: (name: string) => boolean,
): SplitModels {
  const first = createGraphWriter();
  const forward = emitBlockedForward({ writer: first, block }, encoder, shape);
  const second = { writer: createGraphWriter('b'), block };
  const kept = new Map<string, GraphValue>();
  const known = new Map<string, GraphValue>();
  const take = (value: GraphValue): GraphValue => {
    if (!kept.has(value.name)) kept.set(value.name, second.writer.input(value.name, 'float32', value.shape));
    return kept.get(value.name)!;
  };
  const read = (name: string): GraphValue => {
    const layer = encoder.layers.find(({ output }) => output === name);
    const again = (): GraphValue =>
      layer?.kind === 'shift'
        ? emitBlockedShift(second, read(layer.input), layer, forward.channels.get(name)!, shape.frames, 1)
        : take(forward.read(name));
    const value = known.get(name) ?? again();
    known.set(name, value);
    return value;
  };
  const readPool = (name: string): PoolValues => {
    const pool = forward.readPool(name);
    const input = take(pool.input);
    return { input, columns: emitColumnPool(second, input), output: take(pool.output) };
  };
  const readFrames = (): GraphValue => take(forward.readFrames());
  emitBlockedBackward(second, encoder, { ...forward, read, readPool, readFrames }, shape, trainable);
  for (const value of kept.values()) first.output(value);
  return { forward: first.finish(), backward: second.writer.finish(), kept: [...kept.values()] };
}

function declareStatistics(
  writer: GraphWriter,
  encoder: EncoderLayers,
  statistics: ReturnType<typeof emitForward>['statistics'],
): void {
  for (const layer of convLayers(encoder)) {
    const found = statistics.get(layer.norm);
    if (!found) continue;
    writer.output(found.mean);
    writer.output(found.variance);
  }
}

/** The convolutions of an encoder in order. */
export function convLayers(encoder: EncoderLayers): ConvLayer[] {
  return encoder.layers.filter((layer) => layer.kind === 'conv');
}
