/**
 * Moving between rows [N, C] and batches of sequences [B, T, C]: reshape, cut, join, halve by max pooling.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tape, TapeNode } from './tape.ts';

/** The same numbers in another shape. */
export function reshapeNode(tape: Tape, x: TapeNode, shape: readonly number[]): TapeNode {
  return tape.apply([x], () => ({
    output: tf.reshape(x.tensor, [...shape]),
    backward: (dy) => [tf.reshape(dy, [...x.shape])],
  }));
}

/** The first `count` steps of each sequence. // [B, T, C] → [B, count, C] */
export function firstSteps(tape: Tape, x: TapeNode, count: number): TapeNode {
  const [batch, steps, channels] = x.shape as [number, number, number];
  return tape.apply([x], () => ({
    output: tf.slice(x.tensor, [0, 0, 0], [batch, count, channels]),
    backward: (dy) => [
      tf.pad(dy, [
        [0, 0],
        [0, steps - count],
        [0, 0],
      ]),
    ],
  }));
}

/** Joins sequences along time. // [B, T_i, C] → [B, Σ T_i, C] */
export function concatSteps(tape: Tape, parts: readonly TapeNode[]): TapeNode {
  return tape.apply(parts, () => ({
    output: tf.concat(
      parts.map((part) => part.tensor as tf.Tensor3D),
      1,
    ),
    backward: (dy) => {
      let from = 0;
      return parts.map((part) => {
        const [batch, steps, channels] = part.shape as [number, number, number];
        const piece = tf.slice(dy as tf.Tensor3D, [0, from, 0], [batch, steps, channels]);
        from += steps;
        return piece;
      });
    },
  }));
}

/**
 * Max pooling with window 3, stride 2 and padding 1 as in PyTorch, then a mask.
 *
 * Values must not be negative (they come from a ReLU), so that zero padding is neutral.
 *
 * @param x [B, T, C], T even
 * @param mask [B, T / 2, 1]
 * @returns [B, T / 2, C]
 */
export function halveByMaxPool(tape: Tape, x: TapeNode, mask: tf.Tensor3D): TapeNode {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const half = steps / 2;
  return tape.apply([x], () => {
    const padded = tf.reshape(
      tf.pad(x.tensor, [
        [0, 0],
        [1, 0],
        [0, 0],
      ]),
      [batch, 1, steps + 1, channels],
    ) as tf.Tensor4D;
    const pooled = tf.maxPool(padded, [1, 3], [1, 2], 'valid');
    return {
      output: tf.mul(tf.reshape(pooled, [batch, half, channels]), mask),
      saved: [padded, pooled],
      backward: (dy) => {
        const masked = tf.reshape(tf.mul(dy, mask), [batch, 1, half, channels]);
        const full: tf.Tensor = tf
          .engine()
          .runKernel(
            'MaxPoolGrad',
            { dy: masked, input: padded, output: pooled },
            { filterSize: [1, 3], strides: [1, 2], pad: 'valid' },
          );
        return [
          tf.slice(tf.reshape(full, [batch, steps + 1, channels]), [0, 1, 0], [batch, steps, channels]),
        ];
      },
    };
  });
}

/**
 * Bins [from, from + count) of a 1 × 1 convolution over aligned features, as the matrix that projects features before the alignment.
 *
 * @param weight [O, I · bins, 1, 1], input channel c · bins + r
 * @returns [count · O, I]
 */
export function binMatrix(tape: Tape, weight: TapeNode, bins: number, from: number, count: number): TapeNode {
  const [outputs, flat] = weight.shape as [number, number];
  const inputs = flat / bins;
  return tape.apply([weight], () => {
    const part = tf.slice(
      tf.reshape(weight.tensor, [outputs, inputs, bins]),
      [0, 0, from],
      [outputs, inputs, count],
    );
    return {
      output: tf.reshape(tf.transpose(part, [2, 0, 1]), [count * outputs, inputs]),
      backward: (dy) => {
        const turned = tf.transpose(tf.reshape(dy, [count, outputs, inputs]), [1, 2, 0]);
        const padded = tf.pad(turned, [
          [0, 0],
          [0, 0],
          [from, bins - from - count],
        ]);
        return [tf.reshape(padded, [...weight.shape])];
      },
    };
  });
}
