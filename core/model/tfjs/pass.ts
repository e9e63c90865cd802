/**
 * A forward pass through an encoder in TF.js and the backward pass after it, written out: TF.js's own needs kernels and gradient
 * functions that not every back end brings.
 *
 * Every value is given back as soon as its last reader has run; what the backward pass needs is held by records, which it gives back
 * layer by layer.
 */
import type { FrameBatch } from '#core/compute/engine';
import type { EncoderLayer, EncoderLayers, MaxPoolLayer } from '#core/model/encoder/layers';
import type { Trainable } from '#core/model/encoder/trainable';
import type { ConvRecord, ConvWants, FrameValue } from './convLayer.ts';
import type { EncoderOps, PoolResult } from './encoderOps.ts';
import type { EncoderTensors } from './parameters.ts';
import * as tf from '@tensorflow/tfjs-core';
import { releaseNumbers } from '#core/compute/hostTensor';
import { FRAME_DEVIATION, FRAME_MEAN } from '#core/model/encoder/layers';
import { trainableLayers, valuesWithGradient } from '#core/model/encoder/trainable';
import { convBackward, convForward, disposeRecord } from './convLayer.ts';

/** An encoder as passes run it. */
export interface PassPlan {
  readonly layers: readonly EncoderLayer[];
  readonly input: string;
  readonly output: string;
  readonly ops: EncoderOps;
  /** Values whose gradient the backward pass computes. */
  readonly needed: ReadonlySet<string>;
  /** Weights of the layers whose parameters have one. */
  readonly wanted: ReadonlySet<string>;
  readonly trainable: Trainable;
}

/** Prepares passes. */
export function planPasses(encoder: EncoderLayers, ops: EncoderOps, trainable: Trainable): PassPlan {
  return {
    layers: reluInPools(encoder.layers),
    input: encoder.input,
    output: encoder.output,
    ops,
    needed: valuesWithGradient(encoder, trainable),
    wanted: trainableLayers(encoder, trainable),
    trainable,
  };
}

/** Leaves a ReLU to the pool behind it where nothing else reads its output. */
function reluInPools(layers: readonly EncoderLayer[]): EncoderLayer[] {
  const readers = readerCounts(layers);
  const pooled = new Set(layers.flatMap((layer) => (layer.kind === 'maxPool' ? [layer.input] : [])));
  return layers.map((layer) =>
    layer.kind === 'conv' && pooled.has(layer.output) && readers.get(layer.output) === 1
      ? { ...layer, relu: false }
      : layer,
  );
}

function inputsOf(layer: EncoderLayer): string[] {
  return layer.kind === 'conv' && layer.residual !== null ? [layer.input, layer.residual] : [layer.input];
}

function readerCounts(layers: readonly EncoderLayer[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of layers.flatMap(inputsOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

interface PoolRecord {
  readonly layer: MaxPoolLayer;
  readonly shape: tf.Tensor4D['shape'];
  readonly pooled: PoolResult;
}

/** A finished forward pass. */
export interface Pass {
  /** Normalised frames; a back end may share them. */
  readonly pixels: Float32Array;
  readonly output: FrameValue;
  /** Frames of a snippet at each shift, by its output. */
  readonly shiftFrames: ReadonlyMap<string, number>;
  /** By output. Empty when no gradient is wanted. */
  readonly convs: ReadonlyMap<string, ConvRecord>;
  readonly pools: ReadonlyMap<string, PoolRecord>;
}

/** uint8 [S, T, H, W, 3] → normalised float32, the same shape. */
function normalised({ data }: FrameBatch): Float32Array {
  const table = (channel: number): Float32Array =>
    Float32Array.from(
      { length: 256 },
      (_, value) => (value / 255 - FRAME_MEAN[channel]!) / FRAME_DEVIATION[channel]!,
    );
  const [red, green, blue] = [table(0), table(1), table(2)];
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    values[i] = red[data[i]!]!;
    values[i + 1] = green[data[i + 1]!]!;
    values[i + 2] = blue[data[i + 2]!]!;
  }
  return values;
}

const NOTHING: ConvWants = { output: false, input: false, parameters: false };

function wantsOf({ needed, wanted }: PassPlan, layer: EncoderLayer & { readonly kind: 'conv' }): ConvWants {
  return {
    output: needed.has(layer.output),
    input: needed.has(layer.input),
    parameters: wanted.has(layer.weight),
  };
}

/**
 * Runs all layers. `disposePass` or `runBackward` gives the memory back.
 * @param withGradient keep what `runBackward` needs
 */
export function runForward(
  plan: PassPlan,
  parameters: EncoderTensors,
  frames: FrameBatch,
  withGradient: boolean,
): Pass {
  const { ops, needed } = plan;
  const readers = readerCounts(plan.layers);
  readers.set(plan.output, Number.POSITIVE_INFINITY);
  const values = new Map<string, FrameValue>();
  const shiftFrames = new Map<string, number>();
  const convs = new Map<string, ConvRecord>();
  const pools = new Map<string, PoolRecord>();
  const [snippets, count, height, width] = frames.shape;
  const pixels = normalised(frames);
  const input = tf.keep(tf.tensor4d(pixels, [snippets * count, height, width, 3]));
  values.set(plan.input, { tensor: input, frames: count });
  try {
    for (const layer of plan.layers) {
      const from = values.get(layer.input)!;
      tf.tidy(() => {
        if (layer.kind === 'shift') {
          shiftFrames.set(layer.output, from.frames);
          const tensor = tf.keep(ops.shift(from.tensor, layer, from.frames, 1));
          values.set(layer.output, { tensor, frames: from.frames });
        } else if (layer.kind === 'maxPool') {
          const pooled = ops.maxPool(from.tensor);
          values.set(layer.output, { tensor: tf.keep(pooled.y), frames: from.frames });
          if (!withGradient || !needed.has(layer.output)) return;
          const copies = {
            y: tf.keep(tf.clone(pooled.y)),
            saved: pooled.saved.map((tensor) => tf.keep(tf.clone(tensor))),
          };
          pools.set(layer.output, { layer, shape: from.tensor.shape, pooled: copies });
        } else {
          const residual = layer.residual === null ? null : values.get(layer.residual)!.tensor;
          const wants = withGradient ? wantsOf(plan, layer) : NOTHING;
          const { value, record } = convForward(ops, layer, from, residual, parameters, wants);
          values.set(layer.output, value);
          if (withGradient) convs.set(layer.output, record);
          else disposeRecord(record);
        }
      });
      for (const name of inputsOf(layer)) {
        const left = readers.get(name)! - 1;
        readers.set(name, left);
        if (left === 0) values.get(name)!.tensor.dispose();
      }
    }
  } catch (error) {
    for (const { tensor } of values.values()) tensor.dispose();
    disposeRecords(convs, pools);
    releaseNumbers(pixels);
    throw error;
  }
  return { pixels, output: values.get(plan.output)!, shiftFrames, convs, pools };
}

/** Gives a pass's memory back; what was given back before is left alone. */
export function disposePass({ pixels, output, convs, pools }: Pass): void {
  output.tensor.dispose();
  disposeRecords(convs, pools);
  releaseNumbers(pixels);
}

function disposeRecords(convs: Pass['convs'], pools: Pass['pools']): void {
  for (const record of convs.values()) disposeRecord(record);
  for (const { pooled } of pools.values()) tf.dispose([pooled.y, ...pooled.saved]);
}

/** The mean over a snippet's frames and positions. @returns [S, C] */
export function pooledFeatures({ output: { tensor, frames } }: Pass): tf.Tensor2D {
  const [count, height, width, channels] = tensor.shape;
  return tf.tidy(() => tf.mean(tf.reshape(tensor, [count / frames, frames * height * width, channels]), 1));
}

/** dFeatures [S, C] spread over frames and positions. */
function spread({ output: { tensor, frames } }: Pass, dFeatures: Float32Array): tf.Tensor4D {
  const [count, height, width, channels] = tensor.shape;
  const positions = frames * height * width;
  return tf.tidy(() => {
    const rows = tf.tensor3d(dFeatures, [count / frames, 1, channels]);
    return tf.reshape(tf.tile(tf.div(rows, positions), [1, positions, 1]), tensor.shape);
  });
}

/** `input`, `residual`: those that are wanted. */
type LayerGradients = { input?: tf.Tensor4D; residual?: tf.Tensor4D };

/**
 * The backward pass; gives the forward pass's memory back as it goes.
 * @param found told each parameter's gradient, inside a tidy
 */
export function runBackward(
  plan: PassPlan,
  parameters: EncoderTensors,
  pass: Pass,
  dFeatures: Float32Array,
  found: (name: string, gradient: tf.Tensor) => void,
): void {
  const { ops, needed, trainable } = plan;
  const gradients = new Map<string, tf.Tensor4D>();
  const accumulate = (name: string, gradient: tf.Tensor4D): void => {
    const before = gradients.get(name);
    if (!before) {
      gradients.set(name, gradient);
      return;
    }
    gradients.set(name, tf.add(before, gradient));
    tf.dispose([before, gradient]);
  };
  try {
    if (needed.has(plan.output)) gradients.set(plan.output, spread(pass, dFeatures));
    pass.output.tensor.dispose();
    for (const layer of plan.layers.toReversed()) {
      const dy = gradients.get(layer.output);
      if (!dy) continue;
      const { input, residual } = tf.tidy((): LayerGradients => {
        if (layer.kind === 'shift') {
          return { input: ops.shift(dy, layer, pass.shiftFrames.get(layer.output)!, -1) };
        }
        if (layer.kind === 'maxPool') {
          const { shape, pooled } = pass.pools.get(layer.output)!;
          return { input: ops.maxPoolGradient(ops.reluGradient(dy, pooled.y), shape, pooled) };
        }
        const result = convBackward(ops, pass.convs.get(layer.output)!, dy, parameters, wantsOf(plan, layer));
        for (const [name, gradient] of Object.entries(result.parameters))
          if (trainable(name)) found(name, gradient);
        const wantsResidual = layer.residual !== null && needed.has(layer.residual);
        return {
          ...(result.input ? { input: result.input } : {}),
          // A copy: the gradient itself may be dy, which is given back below.
          ...(wantsResidual ? { residual: tf.clone(result.residual) } : {}),
        };
      });
      gradients.delete(layer.output);
      dy.dispose();
      if (layer.kind === 'conv') disposeRecord(pass.convs.get(layer.output)!);
      if (layer.kind === 'maxPool') {
        const { y, saved } = pass.pools.get(layer.output)!.pooled;
        tf.dispose([y, ...saved]);
      }
      if (input) accumulate(layer.input, input);
      if (residual && layer.kind === 'conv') accumulate(layer.residual!, residual);
    }
  } finally {
    // Nothing is left unless a kernel failed.
    tf.dispose([...gradients.values()]);
  }
}
