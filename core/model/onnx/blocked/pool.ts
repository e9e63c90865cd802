/**
 * Max pooling 3×3, stride 2, padding 1, in the blocked layout: along columns, then along rows, which is the same.
 *
 * The gradient goes back the same way. Along one axis a maximum is the tap before, at or after an even place; of equal ones the first
 * takes all, so with two axes it is the first in row order, as PyTorch has it.
 */
import type { GraphValue } from '#core/model/onnx/graphWriter';
import { outputLength } from '#core/model/encoder/layers';
import { reshape } from '#core/model/onnx/forwardGraph';
import { axisView, BLOCKED_DOMAIN, cut, interleave, type BlockedWriter } from './emit.ts';

/** What pooling leaves behind. */
export interface PoolValues {
  readonly input: GraphValue;
  readonly columns: GraphValue;
  readonly output: GraphValue;
}

/** The first half of pooling, along columns. */
export function emitColumnPool({ writer }: BlockedWriter, input: GraphValue): GraphValue {
  const [count, channels, height, width] = input.shape as [number, number, number, number];
  return writer.node(
    `${BLOCKED_DOMAIN}:MaxPool`,
    [input],
    [count, channels, height, outputLength(width, 3, 2, 1)],
    { kernel_shape: [1, 3], strides: [1, 2], pads: [0, 1, 0, 1] },
  );
}

/** Pools a blocked value. */
export function emitBlockedPool(blocked: BlockedWriter, input: GraphValue): PoolValues {
  const columns = emitColumnPool(blocked, input);
  const shape = columns.shape.with(2, outputLength(columns.shape[2]!, 3, 2, 1));
  const attributes = { kernel_shape: [3, 1], strides: [2, 1], pads: [1, 0, 1, 0] };
  const output = blocked.writer.node(`${BLOCKED_DOMAIN}:MaxPool`, [columns], shape, attributes);
  return { input, columns, output };
}

/** Gradient of one axis' pooling. */
function emitAxisGradient(
  { writer, block }: BlockedWriter,
  input: GraphValue,
  output: GraphValue,
  gradient: GraphValue,
  axis: 2 | 3,
): GraphValue {
  const { outer, length, inner } = axisView(input.shape, axis, block);
  const count = output.shape[axis]!;
  const shape = [outer, count, inner];
  const [from, maximum, given] = [
    reshape(writer, input, [outer, length, inner]),
    reshape(writer, output, shape),
    reshape(writer, gradient, shape),
  ];
  const lowest = writer.constantOnce('lowest', Float32Array.of(-3.4e38), []);
  const odd = Math.floor(length / 2);
  const pads = writer.integers([0, 1, 0, 0, count - 1 - odd, 0]);
  const before = writer.node('Pad', [cut(writer, from, 1, 2, odd), pads, lowest], shape);
  const share = (tap: GraphValue, left: GraphValue): GraphValue => {
    const equal = writer.node('Equal', [tap, maximum], shape);
    return writer.node('Mul', [left, writer.node('Cast', [equal], shape, { to: 1 })], shape);
  };
  const toBefore = share(before, given);
  const left = writer.node('Sub', [given, toBefore], shape);
  const toEven = share(cut(writer, from, 0, 2, count), left);
  const toAfter = writer.node('Sub', [left, toEven], shape);
  const next = writer.node('Pad', [toBefore, writer.integers([0, -1, 0, 0, 1, 0])], shape);
  const toOdd = writer.node('Add', [toAfter, next], shape);
  return reshape(writer, interleave(writer, toEven, toOdd, length), input.shape);
}

/** Gradient of the pool's input. */
export function emitBlockedPoolGradient(
  blocked: BlockedWriter,
  { input, columns, output }: PoolValues,
  gradient: GraphValue,
): GraphValue {
  const ofColumns = emitAxisGradient(blocked, columns, output, gradient, 2);
  return emitAxisGradient(blocked, input, columns, ofColumns, 3);
}
