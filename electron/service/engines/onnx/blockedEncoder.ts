/**
 * An encoder with frozen batch norm on ONNX Runtime's blocked convolutions: weights are folded and put in order once for all runs of a step.
 *
 * A batch is cut into runs of a few snippets; the gradients of runs add up as the graph gives them, and are brought into the parameters'
 * order once at the end.
 */
import type { Tensor } from 'onnxruntime-node';
import type {
  EncoderGradients,
  EncoderSession,
  EncoderSessionOptions,
  FrameBatch,
} from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { chunksOf, featuresInChunks, sliceFrames } from '#core/compute/chunked';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { foldNorm, unfoldNormGradients, unfoldWeightGradient } from '#core/model/encoder/fold';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { trainableLayers, valuesWithGradient } from '#core/model/encoder/trainable';
import { FEATURE_GRADIENT_INPUT, gradientName } from '#core/model/onnx/backwardGraph';
import { tapGradientName } from '#core/model/onnx/blocked/backward';
import {
  blockedChannels,
  blockedName,
  blockedWeight,
  phasesOf,
  phaseWeight,
} from '#core/model/onnx/blocked/layout';
import { FEATURES_OUTPUT, foldedOffsetName, FRAMES_INPUT } from '#core/model/onnx/forwardGraph';
import { blockedFeaturesModel, blockedGradientsModel, convLayers } from '#core/model/onnx/models';
import { activationBytes } from '#core/model/encoder/sizes';
import { CACHE_BYTES, frameShape, RUN_BYTES } from './batch.ts';
import { createGraphCache, loadRuntime } from './runtime.ts';

/** Opens an encoder. @param block channels in a group, as `blockSize` finds it */
export async function openBlockedEncoder(
  spec: EncoderSpec,
  initial: TensorMap,
  options: EncoderSessionOptions,
  block: number,
): Promise<EncoderSession> {
  const library = await loadRuntime();
  const encoder = buildEncoderLayers(spec);
  const convs = convLayers(encoder);
  const frozenPrefixes = options.frozenPrefixes ?? [];
  const trainable = (name: string): boolean => !frozenPrefixes.some((prefix) => name.startsWith(prefix));
  const withGradient = valuesWithGradient(encoder, trainable);
  const trained = trainableLayers(encoder, trainable);
  const graphs = createGraphCache(CACHE_BYTES);
  const weightBytes = convs.reduce((total, { weight }) => total + 4 * initial[weight]!.data.length, 0);
  let parameters: TensorMap = {};
  let forwardFeeds: Record<string, Tensor> = {};
  let backwardFeeds: Record<string, Tensor> | null = null;

  const tensor = (data: Float32Array, shape: readonly number[]): Tensor =>
    new library.Tensor('float32', data, shape);
  const setParameters = (next: TensorMap): void => {
    checkEncoderParameters(encoder.parameters, next);
    const copies: TensorMap = {};
    for (const { name, shape } of encoder.parameters)
      copies[name] = { shape, data: next[name]!.data.slice() };
    parameters = copies;
    forwardFeeds = {};
    backwardFeeds = null;
    for (const layer of convs) {
      const { scale, offset } = foldNorm(layer.norm, parameters);
      const out = blockedChannels(layer.outChannels, block);
      const padded = new Float32Array(out);
      padded.set(offset);
      const first = layer.input === encoder.input;
      const channels = first ? layer.inChannels : blockedChannels(layer.inChannels, block);
      forwardFeeds[foldedOffsetName(layer.norm)] = tensor(padded, [out]);
      forwardFeeds[blockedName(layer.weight)] = tensor(
        blockedWeight(layer, first, parameters[layer.weight]!.data, scale, block),
        [out, channels, ...layer.kernel],
      );
    }
  };
  setParameters(initial);

  /** Weights of the input's gradients, for the layers that pass a gradient on. */
  const phaseFeeds = (): Record<string, Tensor> => {
    const feeds: Record<string, Tensor> = {};
    for (const layer of convs) {
      if (!withGradient.has(layer.input)) continue;
      const { scale } = foldNorm(layer.norm, parameters);
      const channels = [layer.inChannels, layer.outChannels].map((count) => blockedChannels(count, block));
      for (const phase of phasesOf(layer)) {
        const kernel = [phase.rows.taps.length, phase.columns.taps.length];
        if (kernel.includes(0)) continue;
        const data = phaseWeight(layer, parameters[layer.weight]!.data, scale, phase, block);
        feeds[phase.name] = tensor(data, [...channels, ...kernel]);
      }
    }
    return feeds;
  };

  const runSnippets = (frames: FrameBatch): number => {
    const one = activationBytes(encoder, { ...frameShape(frames), snippets: 1 });
    return Math.max(1, Math.round(Math.max(RUN_BYTES, 2 * weightBytes) / one));
  };

  const runFeatures = async (frames: FrameBatch): Promise<Float32Array> => {
    const shape = frameShape(frames);
    const key = `features ${Object.values(shape).join('×')}`;
    const graph = await graphs.get(key, activationBytes(encoder, shape) / 4, () =>
      blockedFeaturesModel(encoder, shape, block),
    );
    const outputs = await graph.run({
      ...forwardFeeds,
      [FRAMES_INPUT]: new library.Tensor('uint8', frames.data, frames.shape),
    });
    return outputs[FEATURES_OUTPUT]!;
  };

  const runGradients = async (frames: FrameBatch, dFeatures: Float32Array) => {
    const shape = frameShape(frames);
    const key = `gradients ${Object.values(shape).join('×')}`;
    const graph = await graphs.get(key, activationBytes(encoder, shape) * 2, () =>
      blockedGradientsModel(encoder, shape, block, trainable),
    );
    backwardFeeds ??= phaseFeeds();
    return graph.run({
      ...forwardFeeds,
      ...backwardFeeds,
      [FRAMES_INPUT]: new library.Tensor('uint8', frames.data, frames.shape),
      [FEATURE_GRADIENT_INPUT]: tensor(dFeatures, [shape.snippets, spec.featureChannels]),
    });
  };

  /** From sums over places of the kernel to the gradients of weights, scales and offsets. */
  const collect = (sums: Record<string, Float32Array>): TensorMap => {
    const result: TensorMap = {};
    for (const layer of convs) {
      if (!trained.has(layer.weight)) continue;
      const { weight, norm, outChannels } = layer;
      const { shape, data } = parameters[weight]!;
      const { scale } = foldNorm(norm, parameters);
      const whole = sums[gradientName(weight)];
      const size = layer.kernel.reduce((product, length) => product * length, 1);
      const taps = whole
        ? [whole]
        : Array.from({ length: size }, (_, tap) => sums[tapGradientName(weight, tap)]!);
      const found = unfoldWeightGradient(data, scale, taps);
      if (trainable(weight)) result[weight] = { shape, data: found.weight };
      const offsetGradient = sums[gradientName(foldedOffsetName(norm))]!;
      const { gamma, beta } = unfoldNormGradients(norm, parameters, found.scale, offsetGradient);
      for (const [name, values] of [
        [`${norm}.weight`, gamma],
        [`${norm}.bias`, beta],
      ] as const) {
        if (trainable(name)) result[name] = { shape: [outChannels], data: values };
      }
    }
    return result;
  };

  const features: EncoderSession['features'] = (frames) =>
    featuresInChunks({ spec, features: runFeatures }, frames, runSnippets(frames));

  const gradients = async (frames: FrameBatch, dFeatures: Float32Array): Promise<EncoderGradients> => {
    const channels = spec.featureChannels;
    const found = new Float32Array(frames.shape[0] * channels);
    let sums: Record<string, Float32Array> | null = null;
    for (const { start, count } of chunksOf(frames.shape[0], runSnippets(frames))) {
      const share = dFeatures.subarray(start * channels, (start + count) * channels);
      const { [FEATURES_OUTPUT]: part, ...outputs } = await runGradients(
        sliceFrames(frames, start, count),
        share,
      );
      found.set(part!, start * channels);
      if (sums === null) sums = outputs;
      else for (const [name, data] of Object.entries(outputs)) addInto(sums[name]!, data);
    }
    return { gradients: collect(sums ?? {}), features: found };
  };

  return {
    spec,
    setParameters,
    features,
    gradients,
    step: async (frames, head) => gradients(frames, await head(await features(frames))),
    dispose: () => void graphs.clear(),
  };
}

function addInto(sum: Float32Array, data: Float32Array): void {
  for (let i = 0; i < sum.length; i += 1) sum[i]! += data[i]!;
}
