/**
 * An encoder's operations as raw TensorFlow kernels, where they are faster than what TF.js makes of the same.
 *
 * ReluGrad replaces a chain of small ops; convolutions pad with TensorFlow's SAME where that equals PyTorch's padding, and before the
 * kernel elsewhere (EXPLICIT padding is slow in the gradient kernels). BiasAddGrad is not used: it adds thousands of values one after
 * the other, which rounds by 1e-5.
 */
import type { ConvGeometry, EncoderOps } from '#core/model/tfjs/encoderOps';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NativeAttribute, NativeBackend } from './native.ts';
import * as tf from '@tensorflow/tfjs-core';
import { PLAIN_OPS, padPlane, unpadPlane } from '#core/model/tfjs/encoderOps';

const POOL_PADDING = [1, 1] as const;

/** Whether TensorFlow's SAME pads an axis as PyTorch does with (kernel − 1) / 2 on both sides. */
function sameAxis(length: number, kernel: number, stride: number, padding: number): boolean {
  if (padding !== (kernel - 1) / 2) return false;
  const output = Math.ceil(length / stride);
  const total = Math.max((output - 1) * stride + kernel - length, 0);
  return total === 2 * padding;
}

/** The operations on this back end. */
export function nativeOps(backend: NativeBackend): EncoderOps {
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
  const run = <T extends Tensor>(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly Tensor[],
  ): T => backend.executeSingleOutput(name, attributes, inputs) as T;
  const convAttributes = ({ stride }: ConvGeometry, padding: 'SAME' | 'VALID'): NativeAttribute[] => [
    float,
    integer('strides', [1, ...stride, 1]),
    string('padding', padding),
    format,
    bool('use_cudnn_on_gpu', true),
    integer('dilations', [1, 1, 1, 1]),
  ];
  const sizes = (shape: readonly number[]): Tensor1D => tf.tensor1d([...shape], 'int32');
  const isSame = (
    plane: readonly number[],
    kernel: readonly number[],
    { stride, padding }: ConvGeometry,
  ): boolean =>
    sameAxis(plane[0]!, kernel[0]!, stride[0], padding[0]) &&
    sameAxis(plane[1]!, kernel[1]!, stride[1], padding[1]);
  const poolAttributes = [
    float,
    integer('ksize', [1, 3, 3, 1]),
    integer('strides', [1, 2, 2, 1]),
    string('padding', 'VALID'),
    format,
  ];

  return {
    ...PLAIN_OPS,
    conv: (x, weight, geometry) => {
      const same = isSame(x.shape.slice(1, 3), weight.shape, geometry);
      const input = same ? x : padPlane(x, geometry.padding);
      return run('Conv2D', convAttributes(geometry, same ? 'SAME' : 'VALID'), [input, weight]);
    },
    convWeightGradient: (x, dy, shape, geometry) => {
      const same = isSame(x.shape.slice(1, 3), shape, geometry);
      const input = same ? x : padPlane(x, geometry.padding);
      const attributes = convAttributes(geometry, same ? 'SAME' : 'VALID');
      return run('Conv2DBackpropFilter', attributes, [input, sizes(shape), dy]);
    },
    convInputGradient: (shape, dy, weight, geometry) => {
      const [count, height, width, channels] = shape;
      if (isSame([height, width], weight.shape, geometry)) {
        return run('Conv2DBackpropInput', convAttributes(geometry, 'SAME'), [sizes(shape), weight, dy]);
      }
      const [vertical, horizontal] = geometry.padding;
      const padded = sizes([count, height + 2 * vertical, width + 2 * horizontal, channels]);
      const gradient = run<Tensor4D>('Conv2DBackpropInput', convAttributes(geometry, 'VALID'), [
        padded,
        weight,
        dy,
      ]);
      return unpadPlane(gradient, shape, geometry.padding);
    },
    addBias: (y, bias) => run('BiasAdd', [float, format], [y, bias]),
    reluGradient: (dy, y) => run('ReluGrad', [float], [dy, y]),
    maxPool: (x) => run('MaxPool', poolAttributes, [padPlane(x, POOL_PADDING)]),
    maxPoolGradient: (dy, x, y) => {
      const gradient = run<Tensor4D>('MaxPoolGrad', poolAttributes, [padPlane(x, POOL_PADDING), y, dy]);
      return unpadPlane(gradient, x.shape, POOL_PADDING);
    },
  };
}
