/**
 * Temporal convolution over rows: sequences of all batch items and pyramid levels lie below each other in one matrix.
 *
 * Sequences are separated by at least (k − 1) / 2 zero rows, so that one matrix product serves them all. Composed of unfold and matMul,
 * because WASM has no Conv2DBackpropFilter; transposed operands are transposed first, because its transposing matMul is ten times slower.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tape, TapeNode } from './tape.ts';

/** Moves rows by `by` (down when positive); rows that come in are zero. // [N, C] → [N, C] */
export function shiftRows(x: tf.Tensor2D, by: number): tf.Tensor2D {
  const [rows, columns] = x.shape;
  if (by === 0) return x;
  const count = Math.min(Math.abs(by), rows);
  const zeros = tf.zeros<tf.Rank.R2>([count, columns]);
  if (count === rows) return zeros;
  return by > 0
    ? tf.concat([zeros, tf.slice(x, [0, 0], [rows - count, columns])], 0)
    : tf.concat([tf.slice(x, [count, 0], [rows - count, columns]), zeros], 0);
}

/** Each row beside its k − 1 neighbours, earliest first, or latest first with `order` −1. // [N, C] → [N, k·C] */
export function unfoldRows(x: tf.Tensor2D, kernel: number, order: 1 | -1 = 1): tf.Tensor2D {
  if (kernel === 1) return x;
  const half = (kernel - 1) / 2;
  return tf.concat(
    Array.from({ length: kernel }, (_, j) => shiftRows(x, order * (half - j))),
    1,
  );
}

/** Sum over rows by a matrix product, which is faster on WASM than the reduction. // [N, C] → [C] */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(tf.matMul(tf.ones<tf.Rank.R2>([1, x.shape[0]]), x), [x.shape[1]]);
}

/**
 * Convolution over rows with PyTorch's weight layout, stride 1, zero padding (k − 1) / 2.
 *
 * @param x [N, I]
 * @param weight [O, I, k], k odd
 * @param bias [O] or null
 * @returns [N, O]
 */
export function conv1dRows(tape: Tape, x: TapeNode, weight: TapeNode, bias: TapeNode | null): TapeNode {
  const [outputs, inputs, kernel] = weight.shape as [number, number, number];
  return tape.apply(bias === null ? [x, weight] : [x, weight, bias], () => {
    const input = x.tensor as tf.Tensor2D;
    const w = weight.tensor as tf.Tensor3D;
    const columns = unfoldRows(input, kernel);
    const matrix = tf.reshape(tf.transpose(w, [2, 1, 0]), [kernel * inputs, outputs]);
    const product = tf.matMul(columns, matrix);
    return {
      output: bias === null ? product : tf.add(product, bias.tensor),
      saved: kernel === 1 ? [] : [columns],
      backward: (dyTensor) => {
        const dy = dyTensor as tf.Tensor2D;
        let dx: tf.Tensor | null = null;
        if (x.wanted) {
          // The same convolution run backwards in time, inputs and outputs exchanged.
          const turned = tf.reshape(tf.transpose(w, [2, 0, 1]), [kernel * outputs, inputs]);
          dx = tf.matMul(unfoldRows(dy, kernel, -1), turned);
        }
        let dw: tf.Tensor | null = null;
        if (weight.wanted) {
          const product = tf.matMul(tf.transpose(dy), columns);
          dw = tf.transpose(tf.reshape(product, [outputs, kernel, inputs]), [0, 2, 1]);
        }
        return [dx, dw, bias !== null && bias.wanted ? sumRows(dy) : null];
      },
    };
  });
}
