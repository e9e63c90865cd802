/**
 * Winograd's short convolutions (Lavin and Gray, CVPR 2016) in the blocked layout: 3×3 kernels, stride 1, padding 1, many channels.
 *
 * On small images the direct kernels run along rows of a few positions and read the whole weight again for every row. Here tiles of 4×4
 * results come from 36 products instead of 144, and all images of a run take part in each of them: one grouped 1×1 convolution. The transforms
 * are small matrix products over the rows, the columns and the places of tiles. Rounding is about ten times that of a direct convolution
 * (3e-6 of the peak).
 */
import type { ConvLayer } from '#core/model/encoder/layers';
import type { GraphValue, GraphWriter } from '#core/model/onnx/graphWriter';
import { reshape } from '#core/model/onnx/forwardGraph';
import { BLOCKED_DOMAIN, type BlockedWriter } from './emit.ts';

/** Side of a tile of results, and of a transformed tile. */
const SIDE = 4;
const SIZE = SIDE + 2;

/** Transformed places of a tile; a transformed weight is that many times as large as a 1×1 kernel. */
export const WINOGRAD_PLACES = SIZE * SIZE;

/** Fewest channels that pay for the transforms, and the shortest side of an image. */
const LEAST_CHANNELS = 256;
const LEAST_SIDE = 3;

// Along one axis: result = AFTER · ((FILTER · weights) ∘ (BEFORE · inputs)).
const BEFORE = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const FILTER = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const AFTER = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** A place whose product enters every result with factor 1: an offset is added there, once. */
const OFFSET_PLACE = SIZE + 1;

/** Names of the graph inputs that hold a transformed weight [places · out, in, 1, 1] and its offsets [places · out]. */
export const winogradName = (weight: string): string => `${weight}.winograd`;
export const winogradOffsetName = (weight: string): string => `${weight}.winogradOffset`;

/** Whether a layer may be computed this way. */
export function mayTransform(layer: ConvLayer, block: number): boolean {
  const { kernel, stride, padding, inChannels, outChannels } = layer;
  const plain = [kernel, stride, padding].every((sizes, i) => sizes.every((size) => size === [3, 1, 1][i]));
  return plain && [inChannels, outChannels].every((count) => count >= LEAST_CHANNELS && count % block === 0);
}

/** Whether it pays for images [N, C, H, W]. */
export function paysToTransform(shape: readonly number[]): boolean {
  return Math.min(shape[2]!, shape[3]!) >= LEAST_SIDE;
}

/** Writes a convolution with its offset, residual and ReLU. */
export function emitWinograd(
  { writer, block }: BlockedWriter,
  layer: ConvLayer,
  input: GraphValue,
  residual: GraphValue | null,
): GraphValue {
  const [count, inChannels, height, width] = input.shape as [number, number, number, number];
  const { outChannels } = layer;
  const [inGroups, outGroups] = [inChannels / block, outChannels / block];
  const [down, across] = [Math.ceil(height / SIDE), Math.ceil(width / SIDE)];
  const tiles = down * across;
  const lanes = count * block;
  const line = inGroups * lanes;

  // Positions first: [H·W, groups, N, lane].
  const blocks = reshape(writer, input, [count, inGroups, height * width, block]);
  const turned = writer.node('Transpose', [blocks], [height * width, inGroups, count, block], {
    perm: [2, 1, 0, 3],
  });
  const rows = writer.node(
    'MatMul',
    [axisTransform(writer, height), reshape(writer, turned, [height, width * line])],
    [SIZE * down, width * line],
  );
  const spread = writer.node(
    'MatMul',
    [axisTransform(writer, width), reshape(writer, rows, [SIZE * down, width, line])],
    [SIZE * down, SIZE * across, line],
  );
  const byTile = reshape(writer, spread, [SIZE, down, SIZE, across, inGroups, lanes]);
  const byPlace =
    tiles === 1
      ? byTile
      : writer.node('Transpose', [byTile], [SIZE, SIZE, inGroups, down, across, lanes], {
          perm: [0, 2, 4, 1, 3, 5],
        });

  const all = WINOGRAD_PLACES * outChannels;
  const weight = writer.input(winogradName(layer.weight), 'float32', [all, inChannels, 1, 1]);
  const offset = writer.input(winogradOffsetName(layer.weight), 'float32', [all]);
  const products = writer.node(
    `${BLOCKED_DOMAIN}:Conv`,
    [reshape(writer, byPlace, [1, WINOGRAD_PLACES * inChannels, 1, tiles * count]), weight, offset],
    [1, all, 1, tiles * count],
    { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], group: WINOGRAD_PLACES },
  );

  const both = AFTER.flatMap((row) =>
    AFTER.flatMap((column) => row.flatMap((a) => column.map((b) => a * b))),
  );
  const after = writer.constantOnce('winograd.after', Float32Array.from(both), [
    SIDE * SIDE,
    WINOGRAD_PLACES,
  ]);
  const results = writer.node(
    'MatMul',
    [after, reshape(writer, products, [WINOGRAD_PLACES, outGroups * tiles * lanes])],
    [SIDE * SIDE, outGroups * tiles * lanes],
  );
  const whole = writer.node(
    'Transpose',
    [reshape(writer, results, [SIDE, SIDE, outGroups, down, across, count, block])],
    [count, outGroups, down, SIDE, across, SIDE, block],
    { perm: [5, 2, 3, 0, 4, 1, 6] },
  );
  const maps = count * outGroups;
  const padded = reshape(writer, whole, [maps, down * SIDE, across * SIDE, block]);
  const bounds = [
    [0, 0],
    [height, width],
    [1, 2],
  ].map((one) => writer.integers(one));
  const cropped =
    height % SIDE === 0 && width % SIDE === 0
      ? padded
      : writer.node('Slice', [padded, ...bounds], [maps, height, width, block]);
  const shape = [count, outChannels, height, width];
  const value = reshape(writer, cropped, shape);
  const sum = residual === null ? value : writer.node('Add', [value, residual], shape);
  return layer.relu ? writer.node('Relu', [sum], shape) : sum;
}

/** [places · tiles, length]: takes a padded line to its transformed tiles. */
function axisTransform(writer: GraphWriter, length: number): GraphValue {
  const tiles = Math.ceil(length / SIDE);
  const numbers = BEFORE.flatMap((place) =>
    Array.from({ length: tiles * length }, (_, i) => {
      const [tile, position] = [Math.floor(i / length), i % length];
      return place[position + 1 - tile * SIDE] ?? 0;
    }),
  );
  return writer.constantOnce(`winograd.${length}`, Float32Array.from(numbers), [SIZE * tiles, length]);
}

/**
 * Transforms a weight times its norm's scale.
 * @param weight [out, in, 3, 3]
 * @param scale [out]
 * @param result written to: [places, out / group, in / group, in in group, out in group]
 */
export function winogradWeight(
  { inChannels, outChannels }: ConvLayer,
  weight: Float32Array,
  scale: Float32Array,
  block: number,
  result: Float32Array,
): void {
  const plane = inChannels * outChannels;
  const filter = Float64Array.from(FILTER.flat());
  const half = new Float64Array(SIZE * 3);
  for (let out = 0; out < outChannels; out += 1) {
    const factor = scale[out]!;
    const outBase = (out - (out % block)) * inChannels + (out % block);
    for (let channel = 0; channel < inChannels; channel += 1) {
      const from = (out * inChannels + channel) * 9;
      for (let row = 0; row < SIZE * 3; row += 3) {
        const [a, b, c] = [filter[row]! * factor, filter[row + 1]! * factor, filter[row + 2]! * factor];
        for (let x = 0; x < 3; x += 1)
          half[row + x] = a * weight[from + x]! + b * weight[from + 3 + x]! + c * weight[from + 6 + x]!;
      }
      let to = outBase + channel * block;
      for (let row = 0; row < SIZE * 3; row += 3)
        for (let column = 0; column < SIZE * 3; column += 3, to += plane)
          result[to] =
            half[row]! * filter[column]! +
            half[row + 1]! * filter[column + 1]! +
            half[row + 2]! * filter[column + 2]!;
    }
  }
}

/** Offsets for the products: each enters at the one place that all results take with factor 1. */
export function winogradOffset(offset: Float32Array, result: Float32Array): void {
  result.set(offset, OFFSET_PLACE * offset.length);
}
