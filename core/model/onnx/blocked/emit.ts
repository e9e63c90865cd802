/** Pieces that blocked graphs are made of: views, interleaving, the temporal shift. */
import type { GraphValue, GraphWriter } from '#core/model/onnx/graphWriter';
import type { ShiftLayer } from '#core/model/encoder/layers';
import { reshape } from '#core/model/onnx/forwardGraph';

/** Domain of the runtime's blocked operators. */
export const BLOCKED_DOMAIN = 'com.microsoft.nchwc';

/** A writer and the number of channels in a group. */
export interface BlockedWriter {
  readonly writer: GraphWriter;
  readonly block: number;
}

/** A value seen as [outer, length, inner] around the axis along which it is cut. */
export interface AxisView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** Rows (`axis` 2) or columns (3) of a blocked value. */
export function axisView(shape: readonly number[], axis: 2 | 3, block: number): AxisView {
  const [count, channels, height, width] = shape as [number, number, number, number];
  const maps = (count * channels) / block;
  return axis === 2
    ? { outer: maps, length: height, inner: width * block }
    : { outer: maps * height, length: width, inner: block };
}

/** Part of the middle axis of a [outer, length, inner] value. */
export function cut(
  writer: GraphWriter,
  value: GraphValue,
  start: number,
  step: number,
  count: number,
): GraphValue {
  const [outer, length, inner] = value.shape as [number, number, number];
  if (start === 0 && step === 1 && count === length) return value;
  const bounds = [[start], [start + (count - 1) * step + 1], [1], [step]].map((one) => writer.integers(one));
  return writer.node('Slice', [value, ...bounds], [outer, count, inner]);
}

/** Entries of two [outer, n, inner] values in turn, the first `length` of them. */
export function interleave(
  writer: GraphWriter,
  even: GraphValue,
  odd: GraphValue,
  length: number,
): GraphValue {
  const [outer, count, inner] = even.shape as [number, number, number];
  const parts = [even, odd].map((part) => reshape(writer, part, [outer, count, 1, inner]));
  const joined = writer.node('Concat', parts, [outer, count, 2, inner], { axis: 2 });
  return cut(writer, reshape(writer, joined, [outer, 2 * count, inner]), 0, 1, length);
}

/** Temporal shift of a blocked value inside snippets; `direction` −1 is its inverse for gradients (the transposed matrix). */
export function emitBlockedShift(
  { writer, block }: BlockedWriter,
  value: GraphValue,
  layer: ShiftLayer,
  channels: number,
  frames: number,
  direction: 1 | -1,
): GraphValue {
  const [count, padded, height, width] = value.shape as [number, number, number, number];
  const fold = Math.floor(channels / layer.division);
  if (fold === 0) return value;
  const groups = padded / block;
  const moving = Math.ceil((2 * fold) / block);
  const positions = height * width;
  const view = [count / frames, frames, groups, positions * block];
  const shaped = reshape(writer, value, view);
  const movingShape = [view[0]!, frames, moving, positions * block];
  const stillShape = [view[0]!, frames, groups - moving, positions * block];
  const split = [moving, groups - moving];
  const [part, rest] =
    groups === moving
      ? [shaped, null]
      : (writer.nodes('Split', [shaped, writer.integers(split)], [movingShape, stillShape], {
          axis: 2,
        }) as [GraphValue, GraphValue]);
  // A group may hold channels of all three kinds, so each kind is picked by a mask of ones and zeros.
  const mask = (from: number, to: number): GraphValue => {
    const data = new Float32Array(moving * positions * block);
    for (let i = 0; i < data.length; i += 1) {
      const channel = Math.floor(i / (positions * block)) * block + (i % block);
      if (channel >= from && channel < to) data[i] = 1;
    }
    const name = ['mask', from, to, moving, positions].join('.');
    return writer.constantOnce(name, data, [moving, positions * block]);
  };
  const [first, second, third] = [mask(0, fold), mask(fold, 2 * fold), mask(2 * fold, moving * block)];
  const move = (by: 1 | -1): GraphValue =>
    writer.node('Pad', [part, writer.integers([0, by, 0, 0, 0, -by, 0, 0])], movingShape);
  const pick = (source: GraphValue, by: GraphValue): GraphValue =>
    writer.node('Mul', [source, by], movingShape);
  const [next, previous] = direction === 1 ? [move(-1), move(1)] : [move(1), move(-1)];
  const moved = writer.node('Add', [pick(next, first), pick(previous, second)], movingShape);
  const done =
    2 * fold === moving * block ? moved : writer.node('Add', [moved, pick(part, third)], movingShape);
  const joined = rest === null ? done : writer.node('Concat', [done, rest], view, { axis: 2 });
  return reshape(writer, joined, value.shape);
}
