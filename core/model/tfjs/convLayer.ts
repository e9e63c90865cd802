/**
 * One convolution layer of an encoder in TF.js, forward and backward: convolution, batch norm (folded or of the batch), residual, ReLU.
 */
import type { ConvLayer } from '#core/model/encoder/layers';
import type { ConvGeometry, EncoderOps } from './encoderOps.ts';
import type { EncoderTensors, FoldedNorm } from './parameters.ts';
import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON } from '#core/model/encoder/layers';
import { isTemporal, kernelShape, planeOf } from './parameters.ts';

/** A value between layers: [snippets · frames, H, W, C]. */
export interface FrameValue {
  readonly tensor: tf.Tensor4D;
  /** Frames of each snippet at this depth. */
  readonly frames: number;
}

/** What the backward pass needs; its tensors live until `disposeRecord`. */
export interface ConvRecord {
  readonly layer: ConvLayer;
  readonly geometry: ConvGeometry;
  /** Shape of the layer's input before it was rearranged. */
  readonly inputShape: tf.Tensor4D['shape'];
  readonly inputFrames: number;
  /** Shape of the rearranged input. */
  readonly arrangedShape: tf.Tensor4D['shape'];
  /** The rearranged input; null when no gradient of the weight is wanted. */
  readonly x: tf.Tensor4D | null;
  /** The output, in the layout between layers; null without a ReLU. */
  readonly y: tf.Tensor4D | null;
  /** Trained batch norm only. */
  readonly batch: BatchRecord | null;
}

/** A batch norm's own statistics. */
export interface BatchRecord {
  readonly centred: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly inverseDeviation: tf.Tensor1D;
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

function batchNorm(ops: EncoderOps, raw: tf.Tensor4D): BatchRecord {
  const share = 1 / (raw.size / raw.shape[3]);
  const mean: tf.Tensor1D = tf.mul(ops.channelSums(raw), share);
  const centred: tf.Tensor4D = tf.sub(raw, mean);
  const variance: tf.Tensor1D = tf.mul(ops.channelSums(tf.square(centred)), share);
  return { centred, mean, variance, inverseDeviation: tf.rsqrt(tf.add(variance, NORM_EPSILON)) };
}

/** Which gradients of a layer are wanted. */
export interface ConvWants {
  /** Of its output: whether the backward pass comes through it at all. */
  readonly output: boolean;
  readonly input: boolean;
  readonly parameters: boolean;
}

/** The weight that a frozen layer convolves with. */
function foldedWeight(layer: ConvLayer, { values }: EncoderTensors, norm: FoldedNorm): tf.Tensor4D {
  return norm.weight ?? tf.mul(values[layer.weight]!, norm.scale);
}

/** Runs a layer, inside a tidy: the value and the record are kept. */
export function convForward(
  ops: EncoderOps,
  layer: ConvLayer,
  input: FrameValue,
  residual: tf.Tensor4D | null,
  parameters: EncoderTensors,
  wants: ConvWants,
): { readonly value: FrameValue; readonly record: ConvRecord } {
  const [count, height, width] = input.tensor.shape;
  const snippets = count / input.frames;
  const geometry = geometryOf(layer);
  const x = arrange(layer, input);
  const norm = parameters.norms[layer.norm];
  let batch: BatchRecord | null = null;
  let y: tf.Tensor4D;
  if (norm) {
    y = ops.conv(x, foldedWeight(layer, parameters, norm), geometry, norm.offset);
  } else {
    batch = batchNorm(ops, ops.conv(x, parameters.values[layer.weight] as tf.Tensor4D, geometry, null));
    const scale = tf.mul(parameters.values[`${layer.norm}.weight`]!, batch.inverseDeviation);
    y = tf.add(tf.mul(batch.centred, scale), parameters.values[`${layer.norm}.bias`]!);
  }
  let frames = Math.ceil(input.frames / frameStep(layer));
  if (isTemporal(layer)) {
    frames = y.shape[1];
    y = tf.reshape(y, [snippets * frames, height, width, layer.outChannels]);
  }
  if (residual) y = tf.add(y, residual);
  if (layer.relu) y = tf.relu(y);
  const keepCopy = (tensor: tf.Tensor4D): tf.Tensor4D => tf.keep(tf.clone(tensor));
  const record: ConvRecord = {
    layer,
    geometry,
    inputShape: input.tensor.shape,
    inputFrames: input.frames,
    arrangedShape: x.shape,
    x: wants.parameters ? keepCopy(x) : null,
    y: wants.output && layer.relu ? keepCopy(y) : null,
    batch,
  };
  if (batch) Object.values(batch).forEach((tensor: tf.Tensor) => tf.keep(tensor));
  return { value: { tensor: tf.keep(y), frames }, record };
}

/** Gives a record's tensors back. */
export function disposeRecord({ x, y, batch }: ConvRecord): void {
  x?.dispose();
  y?.dispose();
  if (batch) tf.dispose(Object.values(batch) as tf.Tensor[]);
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

/** Runs a layer backward, inside a tidy. dy has the shape of the layer's output. */
export function convBackward(
  ops: EncoderOps,
  record: ConvRecord,
  dy: tf.Tensor4D,
  parameters: EncoderTensors,
  wants: ConvWants,
): ConvGradients {
  const { layer, geometry, batch } = record;
  const masked = layer.relu ? ops.reluGradient(dy, record.y!) : dy;
  const [count, height, width, channels] = masked.shape;
  const snippets = record.inputShape[0] / record.inputFrames;
  const arranged: tf.Tensor4D = isTemporal(layer)
    ? tf.reshape(masked, [snippets, count / snippets, height * width, channels])
    : masked;
  const norm = parameters.norms[layer.norm];
  const found: Record<string, tf.Tensor> = {};
  let afterNorm = arranged;
  const sums = wants.parameters || batch ? ops.channelSums(arranged) : null;
  if (batch && sums) {
    const gamma = tf.mul(ops.channelSums(tf.mul(arranged, batch.centred)), batch.inverseDeviation);
    found[`${layer.norm}.weight`] = gamma;
    found[`${layer.norm}.bias`] = sums;
    const share = layer.outChannels / arranged.size;
    const slope = tf.mul(tf.mul(gamma, batch.inverseDeviation), share);
    const rest = tf.sub(tf.sub(arranged, tf.mul(batch.centred, slope)), tf.mul(sums, share));
    afterNorm = tf.mul(rest, tf.mul(parameters.values[`${layer.norm}.weight`]!, batch.inverseDeviation));
  }
  if (wants.parameters) {
    const used = ops.convWeightGradient(record.x!, afterNorm, kernelShape(layer), geometry);
    if (norm) Object.assign(found, unfolded(ops, layer, used, sums!, parameters, norm));
    else found[layer.weight] = used;
  }
  const weight = (): tf.Tensor4D =>
    norm ? foldedWeight(layer, parameters, norm) : (parameters.values[layer.weight] as tf.Tensor4D);
  const input = wants.input
    ? arrangeBack(record, ops.convInputGradient(record.arrangedShape, afterNorm, weight(), geometry))
    : null;
  return { input, residual: masked, parameters: found };
}

/** Gradients of weight, γ and β from those of the folded weight and offset. */
function unfolded(
  ops: EncoderOps,
  layer: ConvLayer,
  used: tf.Tensor4D,
  sums: tf.Tensor1D,
  { values }: EncoderTensors,
  { scale, inverseDeviation }: FoldedNorm,
) {
  const products = tf.mul<tf.Tensor4D>(used, values[layer.weight]!);
  const scaleGradient = ops.channelSums(products);
  const mean = values[`${layer.norm}.running_mean`]!;
  return {
    [layer.weight]: tf.mul(used, scale),
    [`${layer.norm}.weight`]: tf.mul(tf.sub(scaleGradient, tf.mul(mean, sums)), inverseDeviation),
    [`${layer.norm}.bias`]: sums,
  };
}
