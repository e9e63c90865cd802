/**
 * An encoder on ONNX Runtime: generated graphs for each batch shape, parameters fed with every call.
 */
import type {
  EncoderGradients,
  EncoderSession,
  EncoderSessionOptions,
  FrameBatch,
} from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { FrameShape } from '#core/model/onnx/forwardGraph';
import type { Tensor } from 'onnxruntime-node';
import { evenChunk, featuresInChunks, gradientsInChunks, RUN_BYTES } from '#core/compute/chunked';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { foldNorm, unfoldNormGradients } from '#core/model/encoder/fold';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { NORM_MOMENTUM } from '#core/model/encoder/layers';
import { FEATURE_GRADIENT_INPUT, gradientName } from '#core/model/onnx/backwardGraph';
import {
  FEATURES_OUTPUT,
  FRAMES_INPUT,
  batchMeanName,
  batchVarianceName,
} from '#core/model/onnx/forwardGraph';
import { foldedOffsetName, foldedScaleName } from '#core/model/onnx/forwardGraph';
import { constantFeaturesModel, convLayers, featuresModel, gradientsModel } from '#core/model/onnx/models';
import { createBlockedMemory, type BlockedEncoder } from '#core/model/onnx/blocked/memory';
import { activationBytes, valuesPerChannel } from '#core/model/encoder/sizes';
import { CACHE_BYTES, frameShape } from './batch.ts';
import { blockSize } from './blockSize.ts';
import { createBlockedSession } from './blockedEncoder.ts';
import { createBlockedRunner } from './blockedRunner.ts';
import { createGraphCache, loadRuntime, type Provider } from './runtime.ts';

/** Whether a parameter is trained. */
function trainedBy({ frozenPrefixes = [] }: EncoderSessionOptions): (name: string) => boolean {
  return (name) => !frozenPrefixes.some((prefix) => name.startsWith(prefix));
}

/** An encoder for the blocked convolutions. */
export function describeBlocked(
  spec: EncoderSpec,
  options: EncoderSessionOptions,
  block: number,
): BlockedEncoder {
  return {
    encoder: buildEncoderLayers(spec),
    block,
    trainable: trainedBy(options),
    transformed: options.constantParameters === true,
  };
}

/**
 * Opens an encoder.
 * @param provider `webgpu` runs the plain graphs on the graphics card
 * @throws StudioError `bad-input` when parameters do not fit the description
 */
export async function openOnnxEncoder(
  spec: EncoderSpec,
  initial: TensorMap,
  options: EncoderSessionOptions,
  provider: Provider = 'cpu',
): Promise<EncoderSession> {
  const library = await loadRuntime();
  const encoder = buildEncoderLayers(spec);
  const convs = convLayers(encoder);
  const { batchNorm } = options;
  const mayBlock = provider === 'cpu' && batchNorm === 'frozen' && encoder.spatialRank === 2;
  const block = mayBlock ? await blockSize() : null;
  if (block !== null) {
    checkEncoderParameters(encoder.parameters, initial);
    const blocked = describeBlocked(spec, options, block);
    const memory = createBlockedMemory(blocked, 1);
    const runner = await createBlockedRunner(spec, blocked, memory, 0);
    return createBlockedSession(spec, blocked, memory, [runner], initial);
  }
  const trainable = trainedBy(options);
  const graphs = createGraphCache(CACHE_BYTES, provider);
  const constantGraphs = createGraphCache(CACHE_BYTES, provider);
  let parameters: TensorMap = {};
  let parameterFeeds: Record<string, Tensor> = {};

  const tensor = (data: Float32Array, shape: readonly number[]): Tensor =>
    new library.Tensor('float32', data, shape);

  const setParameters = (next: TensorMap): void => {
    checkEncoderParameters(encoder.parameters, next);
    const copies: TensorMap = {};
    for (const { name, shape } of encoder.parameters)
      copies[name] = { shape, data: next[name]!.data.slice() };
    parameters = copies;
    parameterFeeds = {};
    for (const { weight, norm, outChannels } of convs) {
      parameterFeeds[weight] = tensor(parameters[weight]!.data, parameters[weight]!.shape);
      if (batchNorm === 'frozen') {
        const { scale, offset } = foldNorm(norm, parameters);
        parameterFeeds[foldedScaleName(norm)] = tensor(scale, [outChannels]);
        parameterFeeds[foldedOffsetName(norm)] = tensor(offset, [outChannels]);
      } else {
        for (const name of [`${norm}.weight`, `${norm}.bias`]) {
          parameterFeeds[name] = tensor(parameters[name]!.data, [outChannels]);
        }
      }
    }
    void constantGraphs.clear();
  };
  setParameters(initial);

  const frameFeed = (frames: FrameBatch): Tensor => new library.Tensor('uint8', frames.data, frames.shape);

  /**
   * Snippets for one run of a graph: a batch is cut into such runs unless batch norm looks at all of it. Each run reads and writes every
   * weight, so activations are at least as large as those.
   */
  const runSnippets = (frames: FrameBatch): number => {
    const one = activationBytes(encoder, { ...frameShape(frames), snippets: 1 });
    return evenChunk(frames.shape[0], Math.max(1, Math.round(Math.max(RUN_BYTES, weightBytes) / one)));
  };
  const weightBytes = encoder.parameters.reduce(
    (total, { name }) => total + parameters[name]!.data.byteLength,
    0,
  );

  const runFeatures = async (frames: FrameBatch): Promise<Float32Array> => {
    const shape = frameShape(frames);
    const key = Object.values(shape).join('×');
    const bytes = activationBytes(encoder, shape);
    const feeds = { [FRAMES_INPUT]: frameFeed(frames) };
    if (options.constantParameters === true && batchNorm === 'frozen') {
      const graph = await constantGraphs.get(key, bytes / 4, () =>
        constantFeaturesModel(encoder, shape, parameters),
      );
      return (await graph.run(feeds))[FEATURES_OUTPUT]!;
    }
    const graph = await graphs.get(`features ${key}`, bytes / 4, () =>
      featuresModel(encoder, shape, batchNorm),
    );
    return (await graph.run({ ...feeds, ...parameterFeeds }))[FEATURES_OUTPUT]!;
  };

  const runGradients = async (frames: FrameBatch, dFeatures: Float32Array): Promise<EncoderGradients> => {
    const shape = frameShape(frames);
    const key = `gradients ${Object.values(shape).join('×')}`;
    const graph = await graphs.get(key, activationBytes(encoder, shape) * 2, () =>
      gradientsModel(encoder, shape, batchNorm, trainable),
    );
    const outputs = await graph.run({
      ...parameterFeeds,
      [FRAMES_INPUT]: frameFeed(frames),
      [FEATURE_GRADIENT_INPUT]: tensor(dFeatures, [shape.snippets, spec.featureChannels]),
    });
    return collect(outputs, shape);
  };

  const collect = (outputs: Record<string, Float32Array>, shape: FrameShape): EncoderGradients => {
    const result: TensorMap = {};
    for (const { weight, norm, outChannels } of convs) {
      const ofWeight = outputs[gradientName(weight)];
      if (ofWeight && trainable(weight))
        result[weight] = { shape: parameters[weight]!.shape, data: ofWeight };
      const [gamma, beta] = [`${norm}.weight`, `${norm}.bias`] as const;
      const found =
        batchNorm === 'trained'
          ? { gamma: outputs[gradientName(gamma)], beta: outputs[gradientName(beta)] }
          : unfolded(norm, outputs);
      if (found?.gamma && trainable(gamma)) result[gamma] = { shape: [outChannels], data: found.gamma };
      if (found?.beta && trainable(beta)) result[beta] = { shape: [outChannels], data: found.beta };
    }
    const gradientsOnly = { gradients: result, features: outputs[FEATURES_OUTPUT]! };
    return batchNorm === 'frozen'
      ? gradientsOnly
      : { ...gradientsOnly, runningStatistics: statistics(outputs, shape) };
  };

  const unfolded = (norm: string, outputs: Record<string, Float32Array>) => {
    const scale = outputs[gradientName(foldedScaleName(norm))];
    const offset = outputs[gradientName(foldedOffsetName(norm))];
    return scale && offset ? unfoldNormGradients(norm, parameters, scale, offset) : null;
  };

  const statistics = (outputs: Record<string, Float32Array>, shape: FrameShape): TensorMap => {
    const result: TensorMap = {};
    for (const [norm, count] of valuesPerChannel(encoder, shape)) {
      const mean = outputs[batchMeanName(norm)]!;
      const variance = outputs[batchVarianceName(norm)]!;
      const unbiased = count / Math.max(1, count - 1);
      result[`${norm}.running_mean`] = moved(parameters[`${norm}.running_mean`]!.data, mean, 1);
      result[`${norm}.running_var`] = moved(parameters[`${norm}.running_var`]!.data, variance, unbiased);
    }
    return result;
  };

  const run = { spec, features: runFeatures, gradients: runGradients };
  const whole = batchNorm === 'trained';
  const features: EncoderSession['features'] = (frames) =>
    whole ? runFeatures(frames) : featuresInChunks(run, frames, runSnippets(frames));
  const gradients: EncoderSession['gradients'] = (frames, dFeatures) =>
    whole ? runGradients(frames, dFeatures) : gradientsInChunks(run, frames, dFeatures, runSnippets(frames));

  return {
    spec,
    setParameters,
    features,
    gradients,
    step: async (frames, head) => gradients(frames, await head(await features(frames))),
    dispose: () => {
      void graphs.clear();
      void constantGraphs.clear();
    },
  };
}

function moved(running: Float32Array, batch: Float32Array, factor: number) {
  const data = running.map((value, i) => value * (1 - NORM_MOMENTUM) + batch[i]! * factor * NORM_MOMENTUM);
  return { shape: [running.length], data };
}
