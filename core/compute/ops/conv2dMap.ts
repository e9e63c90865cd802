/**
 * 3 × 3 convolution over a two-dimensional map whose cells are rows: G-TAD's THUMOS variant.
 *
 * The map gets a border of zero cells; a neighbour is then a fixed number of rows away, and the convolution is nine matrix products.
 */
import * as tf from '@tensorflow/tfjs-core';
import { sumRows } from './conv1d.ts';
import type { Tape, TapeNode } from './tape.ts';

/**
 * Convolution with zero padding 1 and stride 1.
 *
 * @param x [height · width, I], row by row
 * @param weight [O, I, 3, 3]
 * @param bias [O]
 * @returns [height · width, O]
 */
export function conv2dMap(
  tape: Tape,
  x: TapeNode,
  weight: TapeNode,
  bias: TapeNode,
  height: number,
  width: number,
): TapeNode {
  const [outputs, inputs] = weight.shape as [number, number, number, number];
  const pitch = width + 2;
  // Inner rows of the bordered map, from the first inner cell to the last: the cells between two lines are cut away afterwards.
  const span = (height - 1) * pitch + width;
  const bordered = (map: tf.Tensor, channels: number): tf.Tensor2D =>
    tf.reshape(
      tf.pad(tf.reshape(map, [height, width, channels]), [
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
      [(height + 2) * pitch, channels],
    );
  const inner = (flat: tf.Tensor, channels: number): tf.Tensor2D => {
    const filled = tf.pad(flat, [
      [0, 2],
      [0, 0],
    ]);
    return tf.reshape(
      tf.slice(tf.reshape(filled, [height, pitch, channels]), [0, 0, 0], [height, width, channels]),
      [height * width, channels],
    );
  };
  const neighbour = (map: tf.Tensor2D, dy: number, dx: number, channels: number): tf.Tensor2D =>
    tf.slice(map, [pitch + 1 + dy * pitch + dx, 0], [span, channels]);
  const taps = Array.from({ length: 9 }, (_, i) => [Math.floor(i / 3) - 1, (i % 3) - 1] as const);
  return tape.apply([x, weight, bias], () => {
    // [3, 3, I, O]
    const turned = tf.transpose(weight.tensor as tf.Tensor4D, [2, 3, 1, 0]);
    const matrixOf = (i: number): tf.Tensor2D =>
      tf.reshape(tf.slice(turned, [Math.floor(i / 3), i % 3, 0, 0], [1, 1, inputs, outputs]), [
        inputs,
        outputs,
      ]);
    const map = bordered(x.tensor, inputs);
    const sum = taps.reduce<tf.Tensor | null>((total, [dy, dx], i) => {
      const product = tf.matMul(neighbour(map, dy, dx, inputs), matrixOf(i));
      return total === null ? product : tf.add(total, product);
    }, null)!;
    return {
      output: tf.add(inner(sum, outputs), bias.tensor),
      saved: [turned],
      backward: (gradient) => {
        const gradientMap = bordered(gradient, outputs);
        let dx: tf.Tensor | null = null;
        if (x.wanted) {
          const total = taps.reduce<tf.Tensor | null>((before, [down, right], i) => {
            const product = tf.matMul(
              neighbour(gradientMap, -down, -right, outputs),
              tf.transpose(matrixOf(i)),
            );
            return before === null ? product : tf.add(before, product);
          }, null)!;
          dx = inner(total, inputs);
        }
        // Cells between lines are zero in the bordered gradient, so they add nothing.
        const centre = tf.transpose(neighbour(gradientMap, 0, 0, outputs));
        const inputMap = bordered(x.tensor, inputs);
        const perTap = taps.map(([down, right]) =>
          tf.reshape(tf.matMul(centre, neighbour(inputMap, down, right, inputs)), [outputs, inputs, 1]),
        );
        return [
          dx,
          tf.reshape(tf.concat(perTap, 2), [outputs, inputs, 3, 3]),
          sumRows(gradient as tf.Tensor2D),
        ];
      },
    };
  });
}
