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

/** Below every feature, yet finite: WebGPU does not promise infinities. */
const VERY_LOW = -1e9;

/**
 * Max pooling with window 3, stride 2 and padding 1 as in PyTorch, then a mask; the first of equals takes the gradient.
 *
 * Composed of element-wise operations, because the gradient kernel of WASM takes no window whose values are all negative.
 *
 * @param x [B, T, C], T even
 * @param mask [B, T / 2, 1]
 * @param stepMask steps that may win; absent: all. // [B, T, 1]
 * @returns [B, T / 2, C]
 */
export function halveByMaxPool(tape: Tape, x: TapeNode, mask: tf.Tensor3D, stepMask?: tf.Tensor3D): TapeNode {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const half = steps / 2;
  return tape.apply([x], () => {
    const steady =
      stepMask === undefined ? x.tensor : tf.add(x.tensor, tf.mul(tf.sub(1, stepMask), VERY_LOW));
    const [even, odd] = tf.split(tf.reshape(steady, [batch, half, 2 * channels]), 2, 2) as [
      tf.Tensor3D,
      tf.Tensor3D,
    ];
    const outside = tf.fill<tf.Rank.R3>([batch, 1, channels], VERY_LOW);
    const before =
      half === 1 ? outside : tf.concat([outside, tf.slice(odd, [0, 0, 0], [batch, half - 1, channels])], 1);
    const most = tf.maximum(tf.maximum(before, even), odd);
    // 1 where a part lies below the maximum.
    const notBefore = tf.step(tf.sub(most, before));
    const notEven = tf.step(tf.sub(most, even));
    return {
      output: tf.mul(most, mask),
      saved: [notBefore, notEven],
      backward: (gradient) => {
        const dy = tf.mul(gradient, mask);
        const rest = tf.mul(dy, notBefore);
        const toOdd = tf.mul(rest, notEven);
        const toBefore = tf.sub<tf.Tensor3D>(dy, rest);
        const none = tf.zeros<tf.Rank.R3>([batch, 1, channels]);
        const moved =
          half === 1
            ? none
            : tf.concat([tf.slice(toBefore, [0, 1, 0], [batch, half - 1, channels]), none], 1);
        const pairs = tf.concat([tf.sub(rest, toOdd), tf.add(toOdd, moved)] as tf.Tensor3D[], 2);
        return [tf.reshape(pairs, [batch, steps, channels])];
      },
    };
  });
}
