/**
 * Element-wise and constant-matrix operations of G-TAD's graph layers, with their backward passes.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tape, TapeNode } from './tape.ts';

/** max(x, 0) */
export function reluNode(tape: Tape, x: TapeNode): TapeNode {
  return tape.apply([x], () => {
    const output = tf.relu(x.tensor);
    return { output, backward: (dy) => [tf.mul(dy, tf.step(output))] };
  });
}

/** Sum of nodes of one shape. */
export function addNodes(tape: Tape, parts: readonly TapeNode[]): TapeNode {
  return tape.apply(parts, () => ({
    output: parts
      .slice(1)
      .reduce<tf.Tensor>((sum, part) => tf.add(sum, part.tensor), tf.clone(parts[0]!.tensor)),
    backward: (dy) => parts.map(() => dy),
  }));
}

/** matrix · x for a matrix that is not trained. // [M, N] · [N, C] → [M, C] */
export function constantTimes(tape: Tape, matrix: tf.Tensor2D, x: TapeNode): TapeNode {
  return tape.apply([x], () => ({
    output: tf.matMul(matrix, x.tensor),
    backward: (dy) => [tf.matMul(tf.transpose(matrix), dy)],
  }));
}

/** Joins columns. // [N, C_i] → [N, Σ C_i] */
export function concatColumns(tape: Tape, parts: readonly TapeNode[]): TapeNode {
  return tape.apply(parts, () => ({
    output: tf.concat(
      parts.map((part) => part.tensor as tf.Tensor2D),
      1,
    ),
    backward: (dy) =>
      tf.split(
        dy,
        parts.map((part) => part.shape[1]!),
        1,
      ),
  }));
}

/** Rows [from, from + count). // [N, C] → [count, C] */
export function sliceRows(tape: Tape, x: TapeNode, from: number, count: number): TapeNode {
  const [rows, columns] = x.shape as [number, number];
  return tape.apply([x], () => ({
    output: tf.slice(x.tensor as tf.Tensor2D, [from, 0], [count, columns]),
    backward: (dy) => [
      tf.pad(dy, [
        [from, rows - from - count],
        [0, 0],
      ]),
    ],
  }));
}

/** Maximum over three blocks of rows; the first of equals takes the gradient. // [3 · N, C] → [N, C] */
export function maxOfThree(tape: Tape, x: TapeNode): TapeNode {
  const [rows, columns] = x.shape as [number, number];
  const count = rows / 3;
  return tape.apply([x], () => {
    const [a, b, c] = tf.split(x.tensor, 3, 0) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const output = tf.maximum(tf.maximum(a, b), c);
    // 1 where a part lies below the maximum.
    const notA = tf.step(tf.sub(output, a));
    const notB = tf.step(tf.sub(output, b));
    return {
      output: tf.reshape(output, [count, columns]),
      saved: [notA, notB],
      backward: (dy) => {
        const rest = tf.mul(dy, notA);
        const last = tf.mul(rest, notB);
        return [tf.concat([tf.sub(dy, rest), tf.sub(rest, last), last] as tf.Tensor2D[], 0)];
      },
    };
  });
}

/** Weights of a grouped convolution as those of a dense one, zero between groups. // [O, I / groups, k] → [O, I, k] */
export function denseFromGroups(tape: Tape, weight: TapeNode, groups: number): TapeNode {
  const [outputs, perGroup, kernel] = weight.shape as [number, number, number];
  return tape.apply([weight], () => {
    const groupOf = Float32Array.from({ length: outputs * groups }, (_, i) =>
      Math.floor((Math.floor(i / groups) * groups) / outputs) === i % groups ? 1 : 0,
    );
    const mask = tf.tensor4d(groupOf, [outputs, groups, 1, 1]);
    const shape: [number, number, number, number] = [outputs, groups, perGroup, kernel];
    return {
      output: tf.reshape(tf.mul(tf.reshape(weight.tensor, [outputs, 1, perGroup, kernel]), mask), [
        outputs,
        groups * perGroup,
        kernel,
      ]),
      saved: [mask],
      backward: (dy) => [tf.sum(tf.mul(tf.reshape(dy, shape), mask), 1)],
    };
  });
}
