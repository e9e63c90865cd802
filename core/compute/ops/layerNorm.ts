/**
 * Layer norm over channels, then ReLU and mask, as one operation: what follows every convolution of the pyramid heads.
 *
 * ActionFormer's order is convolution, mask, norm, ReLU. Masking after the norm as well keeps padded rows at zero, so padding never
 * changes a result, and lets sequences lie in one matrix with zero rows between.
 */
import * as tf from '@tensorflow/tfjs-core';
import { sumRows } from './conv1d.ts';
import type { Tape, TapeNode } from './tape.ts';

/** How a norm is finished. */
export interface LayerNormOptions {
  readonly epsilon: number;
  readonly relu: boolean;
  /** 1 for valid rows, 0 for padding; null for none. // [N, 1] */
  readonly mask: tf.Tensor2D | null;
}

/** Mean over channels as a matrix product. // [N, C] → [N, 1] */
function meanOfRow(x: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x, tf.fill([x.shape[1], 1], 1 / x.shape[1]));
}

/**
 * Normalises each row over its channels.
 *
 * @param x [N, C]
 * @param scale [C]
 * @param shift [C]
 * @returns [N, C]
 */
export function layerNormRows(
  tape: Tape,
  x: TapeNode,
  scale: TapeNode,
  shift: TapeNode,
  options: LayerNormOptions,
): TapeNode {
  const { epsilon, relu, mask } = options;
  return tape.apply([x, scale, shift], () => {
    const input = x.tensor as tf.Tensor2D;
    const centred = tf.sub<tf.Tensor2D>(input, meanOfRow(input));
    const inverse = tf.rsqrt(tf.add(meanOfRow(tf.square(centred)), epsilon));
    const normal = tf.mul<tf.Tensor2D>(centred, inverse);
    let output: tf.Tensor = tf.add(tf.mul(normal, scale.tensor), shift.tensor);
    if (relu) output = tf.relu(output);
    if (mask !== null) output = tf.mul(output, mask);
    const positive = relu ? tf.step(output) : null;
    return {
      output,
      saved: positive === null ? [normal, inverse] : [normal, inverse, positive],
      backward: (dy) => {
        // A ReLU output of zero passes nothing, which covers masked rows too.
        let dz = dy as tf.Tensor2D;
        if (positive !== null) dz = tf.mul(dz, positive);
        else if (mask !== null) dz = tf.mul(dz, mask);
        const products = tf.mul<tf.Tensor2D>(dz, normal);
        let dx: tf.Tensor | null = null;
        if (x.wanted) {
          const dNormal = tf.mul<tf.Tensor2D>(dz, scale.tensor);
          const along = tf.mul(normal, meanOfRow(tf.mul(dNormal, normal)));
          dx = tf.mul(tf.sub(tf.sub(dNormal, meanOfRow(dNormal)), along), inverse);
        }
        return [dx, scale.wanted ? sumRows(products) : null, shift.wanted ? sumRows(dz) : null];
      },
    };
  });
}
