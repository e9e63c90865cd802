/**
 * The operations that an encoder and its gradient are made of, in TF.js kernels that every back end has, WebAssembly too.
 *
 * The reference for every back end; an engine that has something faster (native TensorFlow, WebGPU) brings an object of the same shape.
 * Activations are [N, H, W, C] with N = snippets × frames; temporal convolutions of R(2+1)D see [S, T, H·W, C].
 */
import type { ShiftLayer } from '#core/model/encoder/layers';
import * as tf from '@tensorflow/tfjs-core';

/** How a two-dimensional convolution moves. */
export interface ConvGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** A pool's output, and what its gradient needs besides. */
export interface PoolResult {
  readonly y: tf.Tensor4D;
  readonly saved: readonly tf.Tensor[];
}

/** What engines may replace. Weights are [kh, kw, in, out]. */
export interface EncoderOps {
  /** @param bias of each output channel, or null */
  conv(x: tf.Tensor4D, weight: tf.Tensor4D, geometry: ConvGeometry, bias: tf.Tensor1D | null): tf.Tensor4D;
  /** Gradient of the weight. */
  convWeightGradient(
    x: tf.Tensor4D,
    dy: tf.Tensor4D,
    shape: tf.Tensor4D['shape'],
    geometry: ConvGeometry,
  ): tf.Tensor4D;
  /** Gradient of the input. */
  convInputGradient(
    shape: tf.Tensor4D['shape'],
    dy: tf.Tensor4D,
    weight: tf.Tensor4D,
    geometry: ConvGeometry,
  ): tf.Tensor4D;
  /** Sum over all axes but the channels. */
  channelSums(dy: tf.Tensor4D): tf.Tensor1D;
  /** dy where y > 0, else 0. */
  reluGradient(dy: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor4D;
  /** The positive part of the maxima, 3×3, stride 2, padding 1: the same as the maxima of the positive parts, on a quarter of the values. */
  maxPool(x: tf.Tensor4D): PoolResult;
  /** @param shape of the pool's input @param dy 0 where y is 0 */
  maxPoolGradient(dy: tf.Tensor4D, shape: tf.Tensor4D['shape'], pooled: PoolResult): tf.Tensor4D;
  /** x [S·T, H, W, C]; direction −1 is the transposed shift, for gradients. */
  shift(x: tf.Tensor4D, layer: ShiftLayer, frames: number, direction: 1 | -1): tf.Tensor4D;
}

type Pads = [[number, number], [number, number], [number, number], [number, number]];

/** Zeros around height and width. */
export function padPlane(x: tf.Tensor4D, [vertical, horizontal]: readonly [number, number]): tf.Tensor4D {
  if (vertical === 0 && horizontal === 0) return x;
  const pads: Pads = [
    [0, 0],
    [vertical, vertical],
    [horizontal, horizontal],
    [0, 0],
  ];
  return tf.pad4d(x, pads);
}

/** The inverse of `padPlane` for gradients; `shape` is the unpadded one. */
export function unpadPlane(
  x: tf.Tensor4D,
  shape: tf.Tensor4D['shape'],
  [vertical, horizontal]: readonly [number, number],
): tf.Tensor4D {
  return vertical === 0 && horizontal === 0 ? x : tf.slice4d(x, [0, vertical, horizontal, 0], shape);
}

/** Temporal shift by slices and padding. */
export function shiftFrames(
  x: tf.Tensor4D,
  layer: ShiftLayer,
  frames: number,
  direction: 1 | -1,
): tf.Tensor4D {
  const [count, height, width, channels] = x.shape;
  const fold = Math.floor(channels / layer.division);
  const positions = height * width;
  const snippets = count / frames;
  const split = tf.reshape<tf.Rank.R4>(x, [snippets, frames, positions, channels]);
  const [first, second, still] = tf.split(split, [fold, fold, channels - 2 * fold], 3);
  const move = (part: tf.Tensor, fromNext: boolean): tf.Tensor => {
    const kept = tf.slice(part, [0, fromNext ? 1 : 0, 0, 0], [snippets, frames - 1, positions, fold]);
    return tf.pad(kept, [[0, 0], fromNext ? [0, 1] : [1, 0], [0, 0], [0, 0]]);
  };
  const moved = [move(first!, direction === 1), move(second!, direction === -1), still!];
  return tf.reshape(tf.concat(moved, 3), x.shape);
}

const POOL_PADDING = [1, 1] as const;

/** Every second row and column (or as `stride` says) from an offset on: what one kernel position sees. */
function window(
  padded: tf.Tensor4D,
  offset: readonly [number, number],
  size: readonly [number, number],
  [vertical, horizontal]: readonly [number, number],
): tf.Tensor4D {
  const [count, , , channels] = padded.shape;
  const [top, left] = offset;
  const [height, width] = size;
  if (vertical === 1 && horizontal === 1)
    return tf.slice4d(padded, [0, top, left, 0], [count, height, width, channels]);
  const ends = [count, top + (height - 1) * vertical + 1, left + (width - 1) * horizontal + 1, channels];
  return tf.stridedSlice(padded, [0, top, left, 0], ends, [1, vertical, horizontal, 1]) as tf.Tensor4D;
}

/** The transposed of a strided `window`: values put back at their places, zeros between them. Stride 2 both ways. */
function unwindow(
  values: tf.Tensor4D,
  [top, left]: readonly [number, number],
  shape: tf.Tensor4D['shape'],
): tf.Tensor4D {
  const [count, height, width, channels] = values.shape;
  const columns = tf.pad(tf.reshape(values, [count * height * width, channels]), [
    [0, 0],
    [0, channels],
  ]);
  const rows = tf.pad(tf.reshape(columns, [count * height, width * 2 * channels]), [
    [0, 0],
    [0, width * 2 * channels],
  ]);
  const spread = tf.reshape<tf.Rank.R4>(rows, [count, height * 2, width * 2, channels]);
  const [, tall, wide] = shape;
  const padded = tf.pad4d(spread, [
    [0, 0],
    [top, Math.max(0, tall - top - height * 2)],
    [left, Math.max(0, wide - left - width * 2)],
    [0, 0],
  ]);
  return tf.slice4d(padded, [0, 0, 0, 0], shape);
}

function weightGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  shape: tf.Tensor4D['shape'],
  { stride, padding }: ConvGeometry,
): tf.Tensor4D {
  const padded = padPlane(x, padding);
  const [kernelHeight, kernelWidth, inChannels, outChannels] = shape;
  const columns = tf.reshape(dy, [-1, outChannels]);
  const parts: tf.Tensor[] = [];
  for (let top = 0; top < kernelHeight; top += 1) {
    for (let left = 0; left < kernelWidth; left += 1) {
      const seen = window(padded, [top, left], [dy.shape[1], dy.shape[2]], stride);
      parts.push(tf.matMul(tf.reshape(seen, [-1, inChannels]), columns, true, false));
    }
  }
  return tf.reshape(tf.stack(parts), shape);
}

/** Gives each gradient to the first maximum of its window in row order, as PyTorch does. */
function poolGradient(dy: tf.Tensor4D, shape: tf.Tensor4D['shape'], { y, saved }: PoolResult): tf.Tensor4D {
  const padded = padPlane(saved[0] as tf.Tensor4D, POOL_PADDING);
  let open: tf.Tensor4D = tf.onesLike(y);
  let total: tf.Tensor4D | null = null;
  for (let top = 0; top < 3; top += 1) {
    for (let left = 0; left < 3; left += 1) {
      const seen = window(padded, [top, left], [y.shape[1], y.shape[2]], [2, 2]);
      const hit: tf.Tensor4D = tf.mul(tf.cast(tf.equal(seen, y), 'float32'), open);
      open = tf.sub(open, hit);
      const placed = unwindow(tf.mul(dy, hit), [top, left], padded.shape);
      total = total ? tf.add(total, placed) : placed;
    }
  }
  return unpadPlane(total!, shape, POOL_PADDING);
}

/** Kernels and compositions that every back end can run. */
export const PLAIN_OPS: EncoderOps = {
  conv: (x, weight, { stride, padding }, bias) => {
    const y = tf.conv2d(padPlane(x, padding), weight, [...stride], 'valid');
    return bias ? tf.add(y, bias) : y;
  },
  convWeightGradient: weightGradient,
  convInputGradient: ([count, height, width, channels], dy, weight, { stride, padding }) => {
    const shape: [number, number, number, number] = [
      count,
      height + 2 * padding[0],
      width + 2 * padding[1],
      channels,
    ];
    const gradient = tf.conv2dTranspose(dy, weight, shape, [...stride], 'valid');
    return unpadPlane(gradient, [count, height, width, channels], padding);
  },
  // Image by image, then over images: WebAssembly adds one after the other, and over thousands of positions that rounded by 1e-5.
  channelSums: (dy) => {
    const [count, height, width, channels] = dy.shape;
    return tf.sum(tf.sum(tf.reshape(dy, [count, height * width, channels]), 1), 0);
  },
  reluGradient: (dy, y) => tf.mul(dy, tf.step(y)),
  maxPool: (x) => ({ y: tf.relu(tf.maxPool(padPlane(x, POOL_PADDING), 3, 2, 'valid')), saved: [x] }),
  maxPoolGradient: poolGradient,
  shift: shiftFrames,
};

const kernel = (name: string, inputs: Record<string, tf.Tensor>, attributes: tf.NamedAttrMap): tf.Tensor4D =>
  tf.engine().runKernel<tf.Tensor4D>(name, inputs, attributes);

const VALID = { pad: 'valid', dataFormat: 'NHWC', dimRoundingMode: '' };
const POOL = { filterSize: [3, 3], strides: [2, 2], pad: 'valid', dimRoundingMode: '' };

/** TF.js's own gradient kernels, for back ends that have them (WebGPU). */
export const KERNEL_OPS: EncoderOps = {
  ...PLAIN_OPS,
  convWeightGradient: (x, dy, shape, { stride, padding }) =>
    kernel(
      'Conv2DBackpropFilter',
      { x: padPlane(x, padding), dy },
      { ...VALID, strides: [...stride], filterShape: shape },
    ),
  maxPoolGradient: (dy, shape, { y, saved }) => {
    const input = padPlane(saved[0] as tf.Tensor4D, POOL_PADDING);
    const gradient = kernel('MaxPoolGrad', { dy, input, output: y }, POOL);
    return unpadPlane(gradient, shape, POOL_PADDING);
  },
};
