/**
 * An encoder's parameters on a TF.js back end: weights in the order of its kernels, frozen batch norms folded once for all passes.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { ConvLayer, EncoderLayers } from '#core/model/encoder/layers';
import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON } from '#core/model/encoder/layers';

/** A frozen batch norm as scale and offset of each channel. */
export interface FoldedNorm {
  readonly scale: tf.Tensor1D;
  readonly offset: tf.Tensor1D;
  /** 1 / √(σ² + ε) */
  readonly inverseDeviation: tf.Tensor1D;
  /** The layer's weight times the scale, where parameters stay the same for many calls; else null. */
  readonly weight: tf.Tensor4D | null;
}

/** Parameters on the back end. */
export interface EncoderTensors {
  /** By parameter name; weights as [kh, kw, in, out]. */
  readonly values: Readonly<Record<string, tf.Tensor>>;
  /** By name of the batch norm; empty when it is trained. */
  readonly norms: Readonly<Record<string, FoldedNorm>>;
}

/** Whether a layer's convolution goes over time, each position by itself. */
export function isTemporal(layer: ConvLayer): boolean {
  return layer.kernel.length === 3 && layer.kernel[0]! > 1;
}

/** Two of a kernel's numbers: the plane that the convolution works in. */
export function planeOf(layer: ConvLayer, sizes: readonly number[]): [number, number] {
  return isTemporal(layer) ? [sizes[0]!, 1] : [sizes.at(-2)!, sizes.at(-1)!];
}

/** The weight's shape in TF.js: [kh, kw, in, out]. */
export function kernelShape(layer: ConvLayer): tf.Tensor4D['shape'] {
  return [...planeOf(layer, layer.kernel), layer.inChannels, layer.outChannels];
}

/** [out, in, kh, kw] → [kh, kw, in, out]. By a plain matrix's transposition and moves of whole rows: half the time of doing it at once. */
function toKernel(layer: ConvLayer, data: Float32Array): tf.Tensor4D {
  const [height, width, inChannels, outChannels] = kernelShape(layer);
  const plane = height * width;
  const columns = tf.transpose(tf.tensor2d(data, [outChannels, inChannels * plane]));
  const rows = tf.transpose(tf.reshape(columns, [inChannels, plane, outChannels]), [1, 0, 2]);
  return tf.reshape(rows, [height, width, inChannels, outChannels]);
}

/** The inverse of `toKernel`, for gradients. @returns [out, in · kh · kw] */
export function fromKernel(gradient: tf.Tensor4D): tf.Tensor2D {
  const [height, width, inChannels, outChannels] = gradient.shape;
  const plane = height * width;
  const rows = tf.transpose(tf.reshape(gradient, [plane, inChannels, outChannels]), [1, 0, 2]);
  return tf.transpose(tf.reshape(rows, [inChannels * plane, outChannels]));
}

/** How parameters are used. */
export interface UploadOptions {
  /** Batch norm uses each batch's statistics. */
  readonly trained: boolean;
  /** They stay the same for many calls. */
  readonly constant: boolean;
}

/** Puts parameters that were checked on the current back end. `disposeParameters` gives them back. */
export function uploadParameters(
  encoder: EncoderLayers,
  given: TensorMap,
  { trained, constant }: UploadOptions,
): EncoderTensors {
  const convs = encoder.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv');
  const layers = new Map(convs.map((layer) => [layer.weight, layer]));
  const values: Record<string, tf.Tensor> = {};
  for (const { name } of encoder.parameters) {
    const { data } = given[name]!;
    const layer = layers.get(name);
    // A transposition reads the array at once; what is not transposed needs a copy of its own.
    values[name] = tf.keep(tf.tidy(() => (layer ? toKernel(layer, data) : tf.tensor1d(data.slice()))));
  }
  const norms: Record<string, FoldedNorm> = {};
  if (!trained) for (const layer of convs) norms[layer.norm] = foldNorm(layer, values, constant);
  return { values, norms };
}

function foldNorm(
  { norm, weight }: ConvLayer,
  values: EncoderTensors['values'],
  constant: boolean,
): FoldedNorm {
  const [inverseDeviation, scale, offset] = tf.tidy(() => {
    const inverse: tf.Tensor1D = tf.rsqrt(tf.add(values[`${norm}.running_var`]!, NORM_EPSILON));
    const factor: tf.Tensor1D = tf.mul(values[`${norm}.weight`]!, inverse);
    const shift: tf.Tensor1D = tf.sub(
      values[`${norm}.bias`]!,
      tf.mul(values[`${norm}.running_mean`]!, factor),
    );
    return [tf.keep(inverse), tf.keep(factor), tf.keep(shift)] as const;
  });
  return {
    scale,
    offset,
    inverseDeviation,
    weight: constant ? tf.keep(tf.mul<tf.Tensor4D>(values[weight]!, scale)) : null,
  };
}

/** Gives the memory back. */
export function disposeParameters({ values, norms }: EncoderTensors): void {
  tf.dispose(Object.values(values));
  for (const { scale, offset, inverseDeviation, weight } of Object.values(norms))
    tf.dispose([scale, offset, inverseDeviation, ...(weight ? [weight] : [])]);
}
