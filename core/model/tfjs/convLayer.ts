/**
 * One convolution layer of an encoder in TF.js, forward and backward: convolution, batch norm (folded or of the batch), residual, ReLU.
 */
import type { ConvLayer } from '#core/model/encoder/layers';
import type { ConvGeometry, EncoderOps } from './encoderOps.ts';
import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON } from '#core/model/encoder/layers';

/** Tensors by parameter name; weights as [kh, kw, in, out]. */
export type Parameters = Record<string, tf.Tensor>;

/** A value between layers: [snippets · frames, H, W, C]. */
export interface FrameValue {
  readonly tensor: tf.Tensor4D;
  /** Frames of each snippet at this depth. */
  readonly frames: number;
}

/** What the backward pass needs. */
export interface ConvRecord {
  readonly layer: ConvLayer;
  readonly geometry: ConvGeometry;
  /** Shape of the layer's input before it was rearranged. */
  readonly inputShape: tf.Tensor4D['shape'];
  readonly inputFrames: number;
  /** The rearranged input. */
  readonly x: tf.Tensor4D;
  /** The weight as used. */
  readonly weight: tf.Tensor4D;
  /** The output, in the layout between layers. */
  readonly y: tf.Tensor4D;
  /** Frozen: the folded scale. Trained: γ / deviation. */
  readonly scale: tf.Tensor1D;
  /** Trained only. */
  readonly batch: BatchRecord | null;
}

/** A batch norm's own statistics. */
export interface BatchRecord {
  readonly centred: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly inverseDeviation: tf.Tensor1D;
}

/** Two of a kernel's numbers: the plane that the convolution works in. */
function planeOf(layer: ConvLayer, sizes: readonly number[]): [number, number] {
  return isTemporal(layer) ? [sizes[0]!, 1] : [sizes.at(-2)!, sizes.at(-1)!];
}

function isTemporal(layer: ConvLayer): boolean {
  return layer.kernel.length === 3 && layer.kernel[0]! > 1;
}

/** The weight's shape in TF.js: [kh, kw, in, out]. */
export function kernelShape(layer: ConvLayer): tf.Tensor4D['shape'] {
  return [...planeOf(layer, layer.kernel), layer.inChannels, layer.outChannels];
}

function geometryOf(layer: ConvLayer): ConvGeometry {
  if (isTemporal(layer)) return { stride: [layer.stride[0]!, 1], padding: [layer.padding[0]!, 0] };
  return { stride: planeOf(layer, layer.stride), padding: planeOf(layer, layer.padding) };
}

/** Stride over frames of a convolution that is not temporal itself (R(2+1)D's skip path). */
function frameStep(layer: ConvLayer): number {
  return layer.kernel.length === 3 && !isTemporal(layer) ? layer.stride[0]! : 1;
}

/** Brings a value into the shape that the convolution sees. */
function arrange(layer: ConvLayer, { tensor, frames }: FrameValue): tf.Tensor4D {
  const [count, height, width, channels] = tensor.shape;
  const snippets = count / frames;
  if (isTemporal(layer)) return tf.reshape(tensor, [snippets, frames, height * width, channels]);
  const step = frameStep(layer);
  if (step === 1) return tensor;
  const rows = height * width * channels;
  const pairs = padFrames(tf.reshape(tensor, [snippets, frames, rows]), step);
  const kept = tf.slice(
    tf.reshape(pairs, [snippets, -1, step * rows]),
    [0, 0, 0],
    [snippets, Math.ceil(frames / step), rows],
  );
  return tf.reshape(kept, [-1, height, width, channels]);
}

function padFrames(x: tf.Tensor3D, step: number): tf.Tensor3D {
  const spare = (step - (x.shape[1] % step)) % step;
  return spare === 0 ? x : tf.pad3d(x, [[0, 0], [0, spare], [0, 0]]); // prettier-ignore
}

/** The inverse of `arrange` for gradients. */
function arrangeBack(record: ConvRecord, gradient: tf.Tensor4D): tf.Tensor4D {
  const { layer, inputShape, inputFrames } = record;
  const step = frameStep(layer);
  if (step === 1) return tf.reshape(gradient, inputShape);
  const [count, height, width, channels] = inputShape;
  const snippets = count / inputFrames;
  const rows = height * width * channels;
  const kept = tf.reshape<tf.Rank.R3>(gradient, [snippets, -1, rows]);
  const wide = tf.reshape(tf.pad3d(kept, [[0, 0], [0, 0], [0, (step - 1) * rows]]), [snippets, -1, rows]); // prettier-ignore
  return tf.reshape(tf.slice(wide, [0, 0, 0], [snippets, inputFrames, rows]), inputShape);
}

/** Scale and offset of a frozen batch norm. */
function foldedNorm(norm: string, parameters: Parameters) {
  const variance = parameters[`${norm}.running_var`]!;
  const scale: tf.Tensor1D = tf.mul(parameters[`${norm}.weight`]!, tf.rsqrt(tf.add(variance, NORM_EPSILON)));
  const offset: tf.Tensor1D = tf.sub(
    parameters[`${norm}.bias`]!,
    tf.mul(parameters[`${norm}.running_mean`]!, scale),
  );
  return { scale, offset };
}

function batchNorm(ops: EncoderOps, raw: tf.Tensor4D): BatchRecord {
  const share = 1 / (raw.size / raw.shape[3]);
  const mean: tf.Tensor1D = tf.mul(ops.channelSums(raw), share);
  const centred: tf.Tensor4D = tf.sub(raw, mean);
  const variance: tf.Tensor1D = tf.mul(ops.channelSums(tf.square(centred)), share);
  return { centred, mean, variance, inverseDeviation: tf.rsqrt(tf.add(variance, NORM_EPSILON)) };
}

/** Runs a layer. */
export function convForward(
  ops: EncoderOps,
  layer: ConvLayer,
  input: FrameValue,
  residual: tf.Tensor4D | null,
  parameters: Parameters,
  trained: boolean,
): { readonly value: FrameValue; readonly record: ConvRecord } {
  const [count, height, width] = input.tensor.shape;
  const snippets = count / input.frames;
  const geometry = geometryOf(layer);
  const x = arrange(layer, input);
  let weight = parameters[layer.weight]! as tf.Tensor4D;
  let batch: BatchRecord | null = null;
  let scale: tf.Tensor1D;
  let y: tf.Tensor4D;
  if (trained) {
    batch = batchNorm(ops, ops.conv(x, weight, geometry));
    scale = tf.mul(parameters[`${layer.norm}.weight`]!, batch.inverseDeviation);
    y = tf.add(tf.mul(batch.centred, scale), parameters[`${layer.norm}.bias`]!);
  } else {
    const folded = foldedNorm(layer.norm, parameters);
    scale = folded.scale;
    weight = tf.mul(weight, scale);
    y = ops.addBias(ops.conv(x, weight, geometry), folded.offset);
  }
  let frames = Math.ceil(input.frames / frameStep(layer));
  if (isTemporal(layer)) {
    frames = y.shape[1];
    y = tf.reshape(y, [snippets * frames, height, width, layer.outChannels]);
  }
  if (residual) y = tf.add(y, residual);
  if (layer.relu) y = tf.relu(y);
  const record: ConvRecord = {
    layer,
    geometry,
    inputShape: input.tensor.shape,
    inputFrames: input.frames,
    x,
    weight,
    y,
    scale,
    batch,
  };
  return { value: { tensor: y, frames }, record };
}

/** Gradients of one layer. */
export interface ConvGradients {
  /** Of the layer's input, when wanted. */
  readonly input: tf.Tensor4D | null;
  /** Of the residual: the gradient after the ReLU. */
  readonly residual: tf.Tensor4D;
  /** By parameter name. */
  readonly parameters: Readonly<Record<string, tf.Tensor>>;
}

/** Runs a layer backward. dy has the shape of the layer's output. */
export function convBackward(
  ops: EncoderOps,
  record: ConvRecord,
  dy: tf.Tensor4D,
  parameters: Parameters,
  inputWanted: boolean,
  parametersWanted: boolean,
): ConvGradients {
  const { layer, geometry, x, weight, scale, batch } = record;
  const masked = layer.relu ? ops.reluGradient(dy, record.y) : dy;
  const [count, height, width, channels] = masked.shape;
  const snippets = record.inputShape[0] / record.inputFrames;
  const arranged: tf.Tensor4D = isTemporal(layer)
    ? tf.reshape(masked, [snippets, count / snippets, height * width, channels])
    : masked;
  const found: Record<string, tf.Tensor> = {};
  let afterNorm = arranged;
  const sums = parametersWanted || batch ? ops.channelSums(arranged) : null;
  if (batch && sums) {
    const gamma = tf.mul(ops.channelSums(tf.mul(arranged, batch.centred)), batch.inverseDeviation);
    found[`${layer.norm}.weight`] = gamma;
    found[`${layer.norm}.bias`] = sums;
    const share = layer.outChannels / arranged.size;
    const slope = tf.mul(tf.mul(gamma, batch.inverseDeviation), share);
    const rest = tf.sub(tf.sub(arranged, tf.mul(batch.centred, slope)), tf.mul(sums, share));
    afterNorm = tf.mul(rest, scale);
  }
  if (parametersWanted) {
    const used = ops.convWeightGradient(x, afterNorm, kernelShape(layer), geometry);
    if (batch) {
      found[layer.weight] = used;
    } else {
      Object.assign(found, unfolded(record, used, sums!, parameters));
    }
  }
  const input = inputWanted
    ? arrangeBack(record, ops.convInputGradient(x.shape, afterNorm, weight, geometry))
    : null;
  return { input, residual: masked, parameters: found };
}

/** Gradients of weight, γ and β from those of the folded weight and offset. */
function unfolded(record: ConvRecord, used: tf.Tensor4D, sums: tf.Tensor1D, parameters: Parameters) {
  const { layer, scale } = record;
  const products = tf.mul<tf.Tensor4D>(used, parameters[layer.weight]!);
  const scaleGradient = tf.sum(tf.reshape(products, [-1, layer.outChannels]), 0);
  const inverse = tf.rsqrt(tf.add(parameters[`${layer.norm}.running_var`]!, NORM_EPSILON));
  const mean = parameters[`${layer.norm}.running_mean`]!;
  return {
    [layer.weight]: tf.mul(used, scale),
    [`${layer.norm}.weight`]: tf.mul(tf.sub(scaleGradient, tf.mul(mean, sums)), inverse),
    [`${layer.norm}.bias`]: sums,
  };
}
