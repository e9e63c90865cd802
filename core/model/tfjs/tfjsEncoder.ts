/**
 * An encoder in TF.js on the current back end: the plain reference, the WebGPU engine, and (with faster operations) native TensorFlow.
 *
 * Memory is given back on every path: each call leaves as many tensors as it found, besides the parameters.
 */
import type { EncoderSession, EncoderSessionOptions } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { ParameterInfo } from '#core/model/encoder/layers';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { EncoderOps } from './encoderOps.ts';
import type { EncoderTensors } from './parameters.ts';
import type { Pass } from './pass.ts';
import * as tf from '@tensorflow/tfjs-core';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { NORM_MOMENTUM } from '#core/model/encoder/layers';
import { disposeParameters, fromKernel, uploadParameters } from './parameters.ts';
import { disposePass, planPasses, pooledFeatures, runBackward, runForward } from './pass.ts';

/** What a session on TF.js needs besides the usual. */
export interface TfjsEncoderOptions extends EncoderSessionOptions {
  readonly ops: EncoderOps;
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
  const encoder = buildEncoderLayers(spec);
  const trained = options.batchNorm === 'trained';
  const prefixes = options.frozenPrefixes ?? [];
  const plan = planPasses(
    encoder,
    options.ops,
    (name) => !prefixes.some((prefix) => name.startsWith(prefix)),
  );
  const infos = new Map(encoder.parameters.map((info) => [info.name, info]));
  let parameters: EncoderTensors | null = null;

  const dispose = (): void => {
    if (parameters) disposeParameters(parameters);
    parameters = null;
  };
  const setParameters = (next: TensorMap): void => {
    checkEncoderParameters(encoder.parameters, next);
    dispose();
    parameters = uploadParameters(encoder, next, {
      trained,
      constant: options.constantParameters === true,
    });
  };
  setParameters(initial);

  const features: EncoderSession['features'] = async (frames) => {
    const pass = runForward(plan, parameters!, frames, false);
    const value = pooledFeatures(pass);
    disposePass(pass);
    return toHost(value);
  };

  const step: EncoderSession['step'] = async (frames, head) => {
    const pass = runForward(plan, parameters!, frames, true);
    const found: Record<string, tf.Tensor> = {};
    let statistics: Record<string, tf.Tensor> = {};
    try {
      if (trained) statistics = newStatistics(pass, parameters!);
      const features = await toHost(pooledFeatures(pass));
      runBackward(plan, parameters!, pass, await head(features), (name, gradient) => {
        found[name] = tf.keep(gradient.rank === 4 ? fromKernel(gradient as tf.Tensor4D) : tf.clone(gradient));
      });
      const answer = { features, gradients: await mapToHost(found, infos) };
      return trained ? { ...answer, runningStatistics: await mapToHost(statistics, infos) } : answer;
    } finally {
      disposePass(pass);
      tf.dispose([...Object.values(found), ...Object.values(statistics)]);
    }
  };

  return {
    spec,
    setParameters,
    features,
    gradients: (frames, dFeatures) => step(frames, () => Promise.resolve(dFeatures)),
    step,
    dispose,
  };
}

/** Running statistics after one batch. */
function newStatistics(pass: Pass, { values }: EncoderTensors): Record<string, tf.Tensor> {
  const result: Record<string, tf.Tensor> = {};
  for (const { layer, batch } of pass.convs.values()) {
    const count = batch!.centred.size / layer.outChannels;
    const move = (name: string, now: tf.Tensor): void => {
      result[name] = tf.add(tf.mul(values[name]!, 1 - NORM_MOMENTUM), tf.mul(now, NORM_MOMENTUM));
    };
    tf.tidy(() => {
      move(`${layer.norm}.running_mean`, batch!.mean);
      move(`${layer.norm}.running_var`, tf.mul(batch!.variance, count / Math.max(1, count - 1)));
      for (const name of ['mean', 'var']) tf.keep(result[`${layer.norm}.running_${name}`]!);
    });
  }
  return result;
}

/** A tensor's numbers, which nothing else holds; gives the tensor back. */
async function toHost(tensor: tf.Tensor): Promise<Float32Array> {
  const data = await tensor.data<'float32'>();
  tensor.dispose();
  return data;
}

async function mapToHost(
  tensors: Readonly<Record<string, tf.Tensor>>,
  infos: ReadonlyMap<string, ParameterInfo>,
): Promise<TensorMap> {
  const map: TensorMap = {};
  for (const [name, tensor] of Object.entries(tensors))
    map[name] = { shape: infos.get(name)!.shape, data: await toHost(tensor) };
  return map;
}
