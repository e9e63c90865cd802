/**
 * Convolution blocks that the pyramid heads repeat: convolution, layer norm, ReLU, mask.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { layerNormRows } from '#core/compute/ops/layerNorm';
import type { ParameterNodes, Tape, TapeNode } from '#core/compute/ops/tape';

/** Epsilon of every layer norm of the pyramid heads (OpenTAD). */
export const NORM_EPSILON = 1e-6;

/** `${name}.conv` without bias, then `${name}.norm`, ReLU and mask. // [N, I] → [N, O] */
export function convNormRelu(
  tape: Tape,
  weights: ParameterNodes,
  name: string,
  x: TapeNode,
  mask: tf.Tensor2D,
): TapeNode {
  const convolved = conv1dRows(tape, x, weights.get(`${name}.conv.weight`), null);
  return layerNormRows(
    tape,
    convolved,
    weights.get(`${name}.norm.weight`),
    weights.get(`${name}.norm.bias`),
    {
      epsilon: NORM_EPSILON,
      relu: true,
      mask,
    },
  );
}

/** A stack of `count` blocks `${name}.0` … */
export function tower(
  tape: Tape,
  weights: ParameterNodes,
  name: string,
  count: number,
  x: TapeNode,
  mask: tf.Tensor2D,
): TapeNode {
  let y = x;
  for (let i = 0; i < count; i += 1) y = convNormRelu(tape, weights, `${name}.${i}`, y, mask);
  return y;
}
