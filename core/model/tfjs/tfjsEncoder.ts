/**
 * An encoder in TF.js on the current back end: the plain reference, the WebGPU engine, and (with faster operations) native TensorFlow.
 *
 * The backward pass is written out, because TF.js's own needs kernels and gradient functions that not every back end brings. Memory is
 * given back on every path: each call leaves as many tensors as it found, besides the parameters.
 */
import type {
  EncoderGradients,
  EncoderSession,
  EncoderSessionOptions,
  FrameBatch,
} from '#core/compute/engine';
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { ConvLayer, EncoderLayers, ParameterInfo } from '#core/model/encoder/layers';
import type { ConvRecord, FrameValue, Parameters } from './convLayer.ts';
import type { EncoderOps } from './encoderOps.ts';
import * as tf from '@tensorflow/tfjs-core';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { FRAME_DEVIATION, FRAME_MEAN, NORM_MOMENTUM } from '#core/model/encoder/layers';
import { trainableLayers, valuesWithGradient } from '#core/model/encoder/trainable';
import { convBackward, convForward, kernelShape } from './convLayer.ts';

interface Pass {
  readonly values: Map<string, FrameValue>;
  readonly records: Map<string, ConvRecord>;
}

/** int32 [S·T, H, W, 3] → all values of the forward pass. */
function forward(
  encoder: EncoderLayers,
  ops: EncoderOps,
  frames: FrameBatch,
  parameters: Parameters,
  trained: boolean,
): Pass {
  const [snippets, count, height, width] = frames.shape;
  const bytes = tf.tensor4d(Int32Array.from(frames.data), [snippets * count, height, width, 3], 'int32');
  const mean = tf.tensor1d(FRAME_MEAN.map((value) => value * 255));
  const factor = tf.tensor1d(FRAME_DEVIATION.map((value) => 1 / (255 * value)));
  const input: tf.Tensor4D = tf.mul(tf.sub(tf.cast(bytes, 'float32'), mean), factor);
  const values = new Map<string, FrameValue>([[encoder.input, { tensor: input, frames: count }]]);
  const records = new Map<string, ConvRecord>();
  for (const layer of encoder.layers) {
    const from = values.get(layer.input)!;
    if (layer.kind === 'shift') {
      values.set(layer.output, { ...from, tensor: ops.shift(from.tensor, layer, from.frames, 1) });
    } else if (layer.kind === 'maxPool') {
      values.set(layer.output, { ...from, tensor: ops.maxPool(from.tensor) });
    } else {
      const residual = layer.residual === null ? null : values.get(layer.residual)!.tensor;
      const { value, record } = convForward(ops, layer, from, residual, parameters, trained);
      values.set(layer.output, value);
      records.set(layer.weight, record);
    }
  }
  return { values, records };
}

/** The mean over a snippet's frames and positions. @returns [S, C] */
function pooled(encoder: EncoderLayers, pass: Pass): tf.Tensor2D {
  const { tensor, frames } = pass.values.get(encoder.output)!;
  const [count, height, width, channels] = tensor.shape;
  return tf.mean(tf.reshape(tensor, [count / frames, frames * height * width, channels]), 1);
}

/** dFeatures [S, C] spread over frames and positions. */
function spread(encoder: EncoderLayers, pass: Pass, dFeatures: Float32Array): tf.Tensor4D {
  const { tensor, frames } = pass.values.get(encoder.output)!;
  const [count, height, width, channels] = tensor.shape;
  const positions = frames * height * width;
  const rows = tf.tensor3d(dFeatures, [count / frames, 1, channels]);
  return tf.reshape(tf.tile(tf.div(rows, positions), [1, positions, 1]), tensor.shape);
}

interface LayerGradients {
  input?: tf.Tensor4D;
  residual?: tf.Tensor4D;
}

/** Gradients of all wanted parameters by name; the caller gives them back. */
function backward(
  encoder: EncoderLayers,
  ops: EncoderOps,
  pass: Pass,
  dFeatures: Float32Array,
  parameters: Parameters,
  trainable: (name: string) => boolean,
): Record<string, tf.Tensor> {
  const needed = valuesWithGradient(encoder, trainable);
  const wanted = trainableLayers(encoder, trainable);
  const gradients = new Map<string, tf.Tensor4D>();
  const found: Record<string, tf.Tensor> = {};
  const accumulate = (name: string, gradient: tf.Tensor4D): void => {
    const before = gradients.get(name);
    if (!before) {
      gradients.set(name, gradient);
      return;
    }
    gradients.set(name, tf.keep(tf.add(before, gradient)));
    tf.dispose([before, gradient]);
  };
  if (needed.has(encoder.output)) gradients.set(encoder.output, spread(encoder, pass, dFeatures));
  for (const layer of encoder.layers.toReversed()) {
    const dy = gradients.get(layer.output);
    if (!dy || !needed.has(layer.output)) continue;
    gradients.delete(layer.output);
    const kept: LayerGradients = {};
    tf.tidy(() => {
      const inputWanted = needed.has(layer.input);
      const input = pass.values.get(layer.input)!;
      if (layer.kind === 'shift') {
        kept.input = tf.keep(ops.shift(dy, layer, input.frames, -1));
        return;
      }
      if (layer.kind === 'maxPool') {
        const y = pass.values.get(layer.output)!.tensor;
        kept.input = tf.keep(ops.maxPoolGradient(dy, input.tensor, y));
        return;
      }
      const record = pass.records.get(layer.weight)!;
      const result = convBackward(ops, record, dy, parameters, inputWanted, wanted.has(layer.weight));
      for (const [name, gradient] of Object.entries(result.parameters)) {
        if (trainable(name)) found[name] = tf.keep(gradient);
      }
      if (result.input) kept.input = tf.keep(result.input);
      if (layer.residual !== null && needed.has(layer.residual))
        kept.residual = tf.keep(tf.clone(result.residual));
    });
    if (kept.input) accumulate(layer.input, kept.input);
    if (kept.residual && layer.kind === 'conv') accumulate(layer.residual!, kept.residual);
    dy.dispose();
  }
  return found;
}

/** What a session on TF.js needs besides the usual. */
export interface TfjsEncoderOptions extends EncoderSessionOptions {
  readonly ops: EncoderOps;
}

/** [out, in, …kernel] → [kh, kw, in, out] */
function toKernel(layer: ConvLayer, data: Float32Array): tf.Tensor {
  const [height, width, inChannels, outChannels] = kernelShape(layer);
  return tf.tidy(() =>
    tf.transpose(tf.tensor4d(data, [outChannels, inChannels, height, width]), [2, 3, 1, 0]),
  );
}

/**
 * Opens an encoder on the current TF.js back end.
 * @throws StudioError `bad-input` when parameters do not fit the description
 */
export function openTfjsEncoder(
  spec: EncoderSpec,
  initial: TensorMap,
  options: TfjsEncoderOptions,
): EncoderSession {
  const { ops } = options;
  const encoder = buildEncoderLayers(spec);
  const trained = options.batchNorm === 'trained';
  const prefixes = options.frozenPrefixes ?? [];
  const trainable = (name: string): boolean => !prefixes.some((prefix) => name.startsWith(prefix));
  const layers = new Map(
    encoder.layers.flatMap((layer) => (layer.kind === 'conv' ? [[layer.weight, layer]] : [])),
  );
  const infos = new Map(encoder.parameters.map((info) => [info.name, info]));
  let parameters: Parameters = {};

  const setParameters = (next: TensorMap): void => {
    checkEncoderParameters(encoder.parameters, next);
    tf.dispose(parameters);
    parameters = {};
    for (const { name } of encoder.parameters) {
      const data = next[name]!.data.slice();
      const layer = layers.get(name);
      parameters[name] = tf.keep(layer ? toKernel(layer, data) : tf.tensor1d(data));
    }
  };
  setParameters(initial);

  const features: EncoderSession['features'] = async (frames) => {
    const value = tf.tidy(() => pooled(encoder, forward(encoder, ops, frames, parameters, trained)));
    const data = (await value.data<'float32'>()).slice();
    value.dispose();
    return data;
  };

  const gradients: EncoderSession['gradients'] = async (frames, dFeatures) => {
    const result = tf.tidy(() => {
      const pass = forward(encoder, ops, frames, parameters, trained);
      const value = pooled(encoder, pass);
      const statistics = trained ? newStatistics(pass, parameters) : {};
      const found = backward(encoder, ops, pass, dFeatures, parameters, trainable);
      const ordered: Record<string, tf.Tensor> = {};
      for (const [name, gradient] of Object.entries(found)) {
        ordered[name] = layers.has(name) ? tf.transpose(gradient, [3, 2, 0, 1]) : tf.clone(gradient);
        gradient.dispose();
      }
      return { value, found: ordered, statistics };
    });
    const answer: EncoderGradients = {
      features: (await result.value.data<'float32'>()).slice(),
      gradients: await toHost(result.found, infos),
    };
    const runningStatistics = await toHost(result.statistics, infos);
    tf.dispose(result);
    return trained ? { ...answer, runningStatistics } : answer;
  };

  return {
    spec,
    setParameters,
    features,
    gradients,
    step: async (frames, head) => gradients(frames, await head(await features(frames))),
    dispose: () => {
      tf.dispose(parameters);
      parameters = {};
    },
  };
}

/** Running statistics after one batch. */
function newStatistics(pass: Pass, parameters: Parameters): Record<string, tf.Tensor> {
  const result: Record<string, tf.Tensor> = {};
  for (const { layer, batch } of pass.records.values()) {
    const count = batch!.centred.size / layer.outChannels;
    const unbiased = tf.mul(batch!.variance, count / Math.max(1, count - 1));
    const move = (name: string, now: tf.Tensor): void => {
      result[name] = tf.add(tf.mul(parameters[name]!, 1 - NORM_MOMENTUM), tf.mul(now, NORM_MOMENTUM));
    };
    move(`${layer.norm}.running_mean`, batch!.mean);
    move(`${layer.norm}.running_var`, unbiased);
  }
  return result;
}

async function toHost(
  tensors: Readonly<Record<string, tf.Tensor>>,
  infos: ReadonlyMap<string, ParameterInfo>,
): Promise<TensorMap> {
  const entries = Object.entries(tensors).map(async ([name, tensor]): Promise<[string, HostTensor]> => {
    const data = (await tensor.data<'float32'>()).slice();
    return [name, { shape: infos.get(name)!.shape, data }];
  });
  return Object.fromEntries(await Promise.all(entries));
}
