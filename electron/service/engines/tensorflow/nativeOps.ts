/**
 * An encoder's operations as raw TensorFlow kernels, where they are faster than what TF.js makes of the same.
 *
 * ReluGrad replaces a chain of small ops. Convolutions pad by themselves on the way forward; on the way back with TensorFlow's SAME where
 * that equals PyTorch's padding, and before the kernel elsewhere (EXPLICIT padding is slow in the gradient kernels). The temporal shift is
 * one gather. Sums over positions are products with ones, image by image: BiasAddGrad adds thousands of values one after the other, which
 * rounds by 1e-5. On the processor two kernels of oneDNN are called by their own names, because TensorFlow puts them into graphs only: a
 * convolution with its bias, and the pool that remembers where its maxima were, whose gradient takes 2 ms where MaxPoolGrad takes 50.
 */
import type { ConvGeometry, EncoderOps } from '#core/model/tfjs/encoderOps';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NativeAttribute, NativeBackend } from './native.ts';
import * as tf from '@tensorflow/tfjs-core';
import { PLAIN_OPS, padPlane, unpadPlane } from '#core/model/tfjs/encoderOps';
import { shiftedRows } from './shiftRows.ts';

const POOL_PADDING = [1, 1] as const;

/** Whether TensorFlow's SAME pads an axis as PyTorch does with (kernel − 1) / 2 on both sides. */
function sameAxis(length: number, kernel: number, stride: number, padding: number): boolean {
  if (padding !== (kernel - 1) / 2) return false;
  const output = Math.ceil(length / stride);
  const total = Math.max((output - 1) * stride + kernel - length, 0);
  return total === 2 * padding;
}

function isSame(
  plane: readonly number[],
  kernel: readonly number[],
  { stride, padding }: ConvGeometry,
): boolean {
  return (
    sameAxis(plane[0]!, kernel[0]!, stride[0], padding[0]) &&
    sameAxis(plane[1]!, kernel[1]!, stride[1], padding[1])
  );
}

/** Kernels by name, with their attributes. */
function kernelsOf(backend: NativeBackend) {
  const { binding } = backend;
  const attribute =
    (kind: 'INT' | 'STRING' | 'BOOL' | 'TYPE') =>
    (name: string, value: unknown): NativeAttribute => ({
      name,
      type: binding[`TF_ATTR_${kind}`],
      value,
    });
  const [integer, string, bool, type] = [
    attribute('INT'),
    attribute('STRING'),
    attribute('BOOL'),
    attribute('TYPE'),
  ];
  const float = type('T', binding.TF_FLOAT);
  const format = string('data_format', 'NHWC');
  /** What makes TensorFlow find a kernel of oneDNN by its own name. */
  const oneDnn = string('_kernel', 'MklNameChangeOp');
  const conv = ({ stride }: ConvGeometry, padding: 'SAME' | 'VALID'): NativeAttribute[] => [
    float,
    integer('strides', [1, ...stride, 1]),
    string('padding', padding),
    format,
    bool('use_cudnn_on_gpu', true),
    integer('dilations', [1, 1, 1, 1]),
  ];
  const padded = (geometry: ConvGeometry): NativeAttribute[] => {
    const [vertical, horizontal] = geometry.padding;
    if (vertical === 0 && horizontal === 0) return conv(geometry, 'VALID');
    const [strides, , ...rest] = conv(geometry, 'VALID').slice(1);
    const pads = [0, 0, vertical, vertical, horizontal, horizontal, 0, 0];
    return [float, strides!, string('padding', 'EXPLICIT'), integer('explicit_paddings', pads), ...rest];
  };
  const pool = [
    float,
    integer('ksize', [1, 3, 3, 1]),
    integer('strides', [1, 2, 2, 1]),
    string('padding', 'VALID'),
    format,
  ];
  return {
    conv,
    padded,
    pool,
    oneDnnPool: [...pool, bool('workspace_enabled', true), oneDnn],
    bias: [float, format],
    relu: [float],
    gather: [
      type('Tparams', binding.TF_FLOAT),
      type('Tindices', binding.TF_INT32),
      string('bad_indices_policy', 'IGNORE'),
    ],
    empty: [type('dtype', binding.TF_FLOAT), bool('init', false)],
    oneDnn,
    run: <T extends Tensor>(
      name: string,
      attributes: readonly NativeAttribute[],
      inputs: readonly Tensor[],
    ): T => backend.executeSingleOutput(name, attributes, inputs) as T,
    runTwo: (name: string, attributes: readonly NativeAttribute[], inputs: readonly Tensor[]): Tensor[] =>
      backend.executeMultipleOutputs(name, attributes, inputs, 2),
  };
}

/** Whether oneDNN's kernels can be called by name: on the processor, in a TensorFlow that was built with them. */
function hasOneDnn({ run, runTwo, oneDnnPool, padded, oneDnn }: ReturnType<typeof kernelsOf>): boolean {
  return tf.tidy(() => {
    try {
      const geometry: ConvGeometry = { stride: [1, 1], padding: [0, 0] };
      const x = tf.ones<tf.Rank.R4>([1, 3, 3, 1]);
      const inputs = [x, tf.ones([1, 1, 1, 1]), tf.ones([1])];
      run('_MklNativeConv2DWithBias', [...padded(geometry), oneDnn], inputs);
      const [y, places] = runTwo('_MklNativeMaxPool', oneDnnPool, [x]);
      run('_MklNativeMaxPoolGrad', oneDnnPool, [x, y!, y!, places!]);
      return true;
    } catch {
      return false;
    }
  });
}

/** The operations on this back end. */
export function nativeOps(backend: NativeBackend): EncoderOps {
  const kernels = kernelsOf(backend);
  const { run, runTwo } = kernels;
  const oneDnn = !backend.isUsingGpuDevice && hasOneDnn(kernels);
  const sizes = (shape: readonly number[]): Tensor1D => tf.tensor1d([...shape], 'int32');
  return {
    ...PLAIN_OPS,
    conv: (x, weight, geometry, bias) => {
      const attributes = kernels.padded(geometry);
      if (bias && oneDnn)
        return run('_MklNativeConv2DWithBias', [...attributes, kernels.oneDnn], [x, weight, bias]);
      const y = run<Tensor4D>('Conv2D', attributes, [x, weight]);
      return bias ? run('BiasAdd', kernels.bias, [y, bias]) : y;
    },
    convWeightGradient: (x, dy, shape, geometry) => {
      const same = isSame(x.shape.slice(1, 3), shape, geometry);
      const input = same ? x : padPlane(x, geometry.padding);
      const attributes = kernels.conv(geometry, same ? 'SAME' : 'VALID');
      return run('Conv2DBackpropFilter', attributes, [input, sizes(shape), dy]);
    },
    convInputGradient: (shape, dy, weight, geometry) => {
      const [count, height, width, channels] = shape;
      if (isSame([height, width], weight.shape, geometry)) {
        return run('Conv2DBackpropInput', kernels.conv(geometry, 'SAME'), [sizes(shape), weight, dy]);
      }
      const [vertical, horizontal] = geometry.padding;
      const padded = sizes([count, height + 2 * vertical, width + 2 * horizontal, channels]);
      const gradient = run<Tensor4D>('Conv2DBackpropInput', kernels.conv(geometry, 'VALID'), [
        padded,
        weight,
        dy,
      ]);
      return unpadPlane(gradient, shape, geometry.padding);
    },
    channelSums: (dy) => {
      const [count, height, width, channels] = dy.shape;
      const rows: Tensor3D = tf.reshape(dy, [count, height * width, channels]);
      const each = tf.matMul(tf.ones<tf.Rank.R3>([count, 1, height * width]), rows);
      return tf.sum(tf.reshape(each, [count, channels]), 0);
    },
    reluGradient: (dy, y) => run('ReluGrad', kernels.relu, [dy, y]),
    maxPool: (x) => {
      const padded = padPlane(x, POOL_PADDING);
      if (!oneDnn) {
        const maxima = run<Tensor4D>('MaxPool', kernels.pool, [padded]);
        return { y: tf.relu(maxima), saved: [padded] };
      }
      const [maxima, places] = runTwo('_MklNativeMaxPool', kernels.oneDnnPool, [padded]);
      return { y: tf.relu(maxima as Tensor4D), saved: [places!] };
    },
    maxPoolGradient: (dy, shape, { y, saved: [saved] }) => {
      const [count, height, width, channels] = shape;
      // Where it is told the places, the kernel wants to know no more of its input than the size.
      const gradient = oneDnn
        ? run<Tensor4D>('_MklNativeMaxPoolGrad', kernels.oneDnnPool, [
            run('Empty', kernels.empty, [sizes([count, height + 2, width + 2, channels])]),
            y,
            dy,
            saved!,
          ])
        : run<Tensor4D>('MaxPoolGrad', kernels.pool, [saved!, y, dy]);
      return unpadPlane(gradient, shape, POOL_PADDING);
    },
    shift: (x, layer, frames, direction) => {
      const rows = shiftedRows(x.shape, layer.division, frames, direction);
      if (rows === null) return PLAIN_OPS.shift(x, layer, frames, direction);
      const parts: Tensor2D = tf.reshape(x, [-1, x.shape[3] / layer.division]);
      const moved = run('GatherNd', kernels.gather, [parts, tf.tensor2d(rows, [rows.length, 1], 'int32')]);
      return tf.reshape(moved, x.shape);
    },
  };
}
