/**
 * What one thread computes of a blocked encoder: runs of a few snippets on graphs of its own, on memory that all threads share.
 */
import type { Tensor } from 'onnxruntime-node';
import type { FrameBatch } from '#core/compute/engine';
import { chunksOf, evenChunk, featuresInChunks, sliceFrames, RUN_BYTES } from '#core/compute/chunked';
import { releaseNumbers, type TensorMap } from '#core/compute/hostTensor';
import { activationBytes } from '#core/model/encoder/sizes';
import { FEATURE_GRADIENT_INPUT } from '#core/model/onnx/backwardGraph';
import { sumName } from '#core/model/onnx/blocked/backward';
import {
  collectGradients,
  fillWeights,
  type BlockedEncoder,
  type BlockedMemory,
  type Share,
} from '#core/model/onnx/blocked/memory';
import { FEATURES_OUTPUT, FRAMES_INPUT, type FrameShape } from '#core/model/onnx/forwardGraph';
import { blockedFeaturesModel, blockedGradientsModel, blockedSplitModels } from '#core/model/onnx/models';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { CACHE_BYTES, frameShape } from './batch.ts';
import { createGraphCache, loadRuntime } from './runtime.ts';

/** One thread's part of a blocked encoder. Calls are made in order, none before the last has answered. */
export interface BlockedRunner {
  /** Puts a share of the weights in order. */
  prepare(which: 'forward' | 'backward', share: Share): Promise<void>;
  /** float32 [S, C] */
  features(frames: FrameBatch): Promise<Float32Array>;
  /** Leaves the gradients of folded weights in this thread's sums. @returns features [S, C] */
  gradients(frames: FrameBatch, dFeatures: Float32Array): Promise<Float32Array>;
  /** Features [S, C]; what `backward` needs is kept until then, or until the next `forward`. */
  forward(frames: FrameBatch): Promise<Float32Array>;
  /** Gradients of the last `forward`, left in this thread's sums. */
  backward(dFeatures: Float32Array): Promise<void>;
  /** A share of the parameters' gradients, from the sums of the first `parts` threads. */
  collect(parts: number, share: Share): Promise<TensorMap>;
  dispose(): Promise<void>;
}

interface KeptRun {
  readonly shape: FrameShape;
  readonly start: number;
  readonly values: Readonly<Record<string, Tensor>>;
}

/** Makes a runner. @param part which of the memory's sums are its own */
export async function createBlockedRunner(
  spec: EncoderSpec,
  blocked: BlockedEncoder,
  memory: BlockedMemory,
  part: number,
): Promise<BlockedRunner> {
  const library = await loadRuntime();
  const { encoder, block, trainable, transformed } = blocked;
  const graphs = createGraphCache(CACHE_BYTES);
  const weightBytes = encoder.parameters.reduce(
    (total, { kind, shape }) => total + (kind === 'weight' ? 4 * shape.reduce((a, b) => a * b, 1) : 0),
    0,
  );
  const sums = memory.sums[part]!;
  const channels = spec.featureChannels;
  let kept: KeptRun[] = [];

  const tensors = (map: TensorMap): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(map).map(([name, { data, shape }]) => [
        name,
        new library.Tensor('float32', data, shape),
      ]),
    );
  const forwardFeeds = tensors(memory.forward);
  const backwardFeeds = tensors(memory.backward);
  // Gradients are added where they are: fresh memory for every run took a fifth of a step.
  const sumTensors = tensors(sums);
  const sumFeeds = Object.fromEntries(
    Object.entries(sumTensors).map(([name, tensor]) => [sumName(name), tensor]),
  );
  const clearSums = (): void => {
    for (const { data } of Object.values(sums)) data.fill(0);
  };
  const frameFeed = (frames: FrameBatch) => ({
    [FRAMES_INPUT]: new library.Tensor('uint8', frames.data, frames.shape),
  });
  const gradientFeed = (dFeatures: Float32Array, { snippets }: FrameShape) => ({
    [FEATURE_GRADIENT_INPUT]: new library.Tensor('float32', dFeatures, [snippets, channels]),
  });

  /**
   * Snippets for one run of a graph: few enough for the processor's cache, where measured steps are a third faster. Each run reads and
   * writes every weight, so activations are at least `share` times as large as those.
   */
  const runSnippets = (frames: FrameBatch, share = 2): number => {
    const one = activationBytes(encoder, { ...frameShape(frames), snippets: 1 });
    const most = Math.max(1, Math.round(Math.max(RUN_BYTES, share * weightBytes) / one));
    return evenChunk(frames.shape[0], most);
  };
  const open = (kind: string, shape: FrameShape, share: number, model: () => Uint8Array) =>
    graphs.get(`${kind} ${Object.values(shape).join('×')}`, activationBytes(encoder, shape) * share, model);
  const runsOf = (frames: FrameBatch, share?: number) =>
    chunksOf(frames.shape[0], runSnippets(frames, share)).map(({ start, count }) => {
      const slice = sliceFrames(frames, start, count);
      return { start, slice, shape: frameShape(slice) };
    });

  const runFeatures = async (frames: FrameBatch): Promise<Float32Array> => {
    const shape = frameShape(frames);
    const graph = await open('features', shape, 0.25, () =>
      blockedFeaturesModel(encoder, shape, block, transformed),
    );
    return (await graph.run({ ...forwardFeeds, ...frameFeed(frames) }))[FEATURES_OUTPUT]!;
  };

  return {
    prepare: async (which, share) => {
      fillWeights(blocked, memory, which, share);
    },
    features: (frames) => featuresInChunks({ spec, features: runFeatures }, frames, runSnippets(frames)),
    gradients: async (frames, dFeatures) => {
      const features = new Float32Array(frames.shape[0] * channels);
      clearSums();
      // Both passes in one graph, for batches too large to be kept: memory matters more here, so runs are half as large.
      for (const { start, slice, shape } of runsOf(frames, 1)) {
        const graph = await open('gradients', shape, 2, () =>
          blockedGradientsModel(encoder, shape, block, trainable),
        );
        const given = dFeatures.subarray(start * channels, (start + shape.snippets) * channels);
        const feeds = { ...forwardFeeds, ...backwardFeeds, ...sumFeeds };
        const outputs = await graph.run(
          { ...feeds, ...frameFeed(slice), ...gradientFeed(given, shape) },
          sumTensors,
        );
        features.set(outputs[FEATURES_OUTPUT]!, start * channels);
      }
      return features;
    },
    forward: async (frames) => {
      const features = new Float32Array(frames.shape[0] * channels);
      kept = [];
      for (const { start, slice, shape } of runsOf(frames)) {
        const split = () => blockedSplitModels(encoder, shape, block, trainable);
        const graph = await open('forward', shape, 1, () => split().forward);
        const { [FEATURES_OUTPUT]: found, ...values } = await graph.run({
          ...forwardFeeds,
          ...frameFeed(slice),
        });
        features.set(found!, start * channels);
        const shapes = new Map(split().kept.map((value) => [value.name, value.shape]));
        kept.push({
          shape,
          start,
          values: tensors(
            Object.fromEntries(
              Object.entries(values).map(([name, data]) => [name, { data, shape: shapes.get(name)! }]),
            ),
          ),
        });
      }
      return features;
    },
    backward: async (dFeatures) => {
      const runs = kept;
      kept = [];
      clearSums();
      for (const { shape, start, values } of runs) {
        const split = () => blockedSplitModels(encoder, shape, block, trainable);
        const graph = await open('backward', shape, 1, () => split().backward);
        const given = dFeatures.subarray(start * channels, (start + shape.snippets) * channels);
        const feeds = { ...forwardFeeds, ...backwardFeeds, ...sumFeeds };
        await graph.run({ ...feeds, ...values, ...gradientFeed(given, shape) }, sumTensors);
        Object.values(values).forEach((tensor) => {
          releaseNumbers(tensor.data as Float32Array);
        });
      }
    },
    collect: async (parts, share) => collectGradients(blocked, memory, parts, share),
    dispose: () => graphs.clear(),
  };
}
