/**
 * Frozen batch norm folded into the convolution before it, and the gradients brought back.
 *
 * y = γ·(conv(x, w) − mean)/√(variance + ε) + β = conv(x, s·w) + b with s = γ/√(variance + ε) and b = β − mean·s.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { ConvLayer } from './layers.ts';
import { NORM_EPSILON } from './layers.ts';

/** Scale and offset that a frozen batch norm amounts to, each [out]. */
export interface FoldedNorm {
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

/** Scale and offset of the batch norm with this name. */
export function foldNorm(norm: string, parameters: TensorMap): FoldedNorm {
  const gamma = parameters[`${norm}.weight`]!.data;
  const beta = parameters[`${norm}.bias`]!.data;
  const mean = parameters[`${norm}.running_mean`]!.data;
  const variance = parameters[`${norm}.running_var`]!.data;
  const scale = gamma.map((value, i) => value / Math.sqrt(variance[i]! + NORM_EPSILON));
  const offset = beta.map((value, i) => value - mean[i]! * scale[i]!);
  return { scale, offset };
}

/** The weight of a convolution with its batch norm's scale in it, and the offset. */
export function foldWeight(
  layer: ConvLayer,
  parameters: TensorMap,
): { readonly weight: Float32Array<ArrayBuffer>; readonly offset: Float32Array } {
  const { scale, offset } = foldNorm(layer.norm, parameters);
  const source = parameters[layer.weight]!.data;
  const weight = new Float32Array(source.length);
  const size = source.length / layer.outChannels;
  for (let channel = 0; channel < layer.outChannels; channel += 1) {
    const factor = scale[channel]!;
    for (let i = channel * size; i < (channel + 1) * size; i += 1) weight[i] = source[i]! * factor;
  }
  return { weight, offset };
}

/**
 * Gradients of γ and β from those of the folded scale and offset.
 * @param scaleGradient [out] dL/ds with b held fixed
 * @param offsetGradient [out] dL/db
 */
export function unfoldNormGradients(
  norm: string,
  parameters: TensorMap,
  scaleGradient: Float32Array,
  offsetGradient: Float32Array,
): { readonly gamma: Float32Array; readonly beta: Float32Array } {
  const mean = parameters[`${norm}.running_mean`]!.data;
  const variance = parameters[`${norm}.running_var`]!.data;
  const gamma = scaleGradient.map(
    (value, i) => (value - mean[i]! * offsetGradient[i]!) / Math.sqrt(variance[i]! + NORM_EPSILON),
  );
  return { gamma, beta: offsetGradient };
}

/**
 * Gradients of a weight and of the folded scale from those of the folded weight.
 * @param weight [out, in, …kernel], not folded
 * @param scale [out] the folded scale
 * @param taps the folded weight's gradient: one array [out, in] for each place in the kernel, or one [out, in, …kernel]
 */
export function unfoldWeightGradient(
  weight: Float32Array,
  scale: Float32Array,
  taps: readonly Float32Array[],
): { readonly weight: Float32Array<ArrayBuffer>; readonly scale: Float32Array } {
  const result = new Float32Array(weight.length);
  const scaleGradient = new Float32Array(scale.length);
  const size = taps.length;
  const row = weight.length / scale.length;
  const channels = row / size;
  for (let out = 0; out < scale.length; out += 1) {
    const factor = scale[out]!;
    let product = 0;
    for (let tap = 0; tap < size; tap += 1) {
      const source = taps[tap]!;
      const end = (out + 1) * channels;
      for (let from = out * channels, to = out * row + tap; from < end; from += 1, to += size) {
        const value = source[from]!;
        product += value * weight[to]!;
        result[to] = value * factor;
      }
    }
    scaleGradient[out] = product;
  }
  return { weight: result, scale: scaleGradient };
}
