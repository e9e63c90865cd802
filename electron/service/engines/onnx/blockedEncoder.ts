/**
 * An encoder with frozen batch norm on ONNX Runtime's blocked convolutions, shared out over threads by snippets.
 *
 * Weights are folded and put in order once for all runs of a step, each thread doing its share; gradients of folded weights add up in each
 * thread, and become the parameters' gradients once at the end, again by shares.
 */
import type { EncoderGradients, EncoderSession, FrameBatch } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { chunksOf, sliceFrames } from '#core/compute/chunked';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import { activationBytes } from '#core/model/encoder/sizes';
import type { BlockedEncoder, BlockedMemory } from '#core/model/onnx/blocked/memory';
import { frameShape } from './batch.ts';
import type { BlockedRunner } from './blockedRunner.ts';

/** Activations that may be kept between a step's forward and backward pass; larger batches are passed forward again. */
const KEPT_BYTES = 600e6;

/** The encoder as one session. @throws StudioError `bad-input` when parameters do not fit the description */
export function createBlockedSession(
  spec: EncoderSpec,
  { encoder }: BlockedEncoder,
  memory: BlockedMemory,
  runners: readonly BlockedRunner[],
  initial: TensorMap,
): EncoderSession {
  const channels = spec.featureChannels;
  const prepared = { forward: false, backward: false };

  const setParameters = (parameters: TensorMap): void => {
    checkEncoderParameters(encoder.parameters, parameters);
    for (const [name, { data }] of Object.entries(memory.parameters)) data.set(parameters[name]!.data);
    prepared.forward = false;
    prepared.backward = false;
  };
  setParameters(initial);

  const prepare = async (which: 'forward' | 'backward'): Promise<void> => {
    if (prepared[which]) return;
    const of = runners.length;
    await Promise.all(runners.map((runner, index) => runner.prepare(which, { index, of })));
    prepared[which] = true;
  };

  /** Lets each thread work on its snippets. @returns what they give, side by side, [S, C] */
  const shareOut = async (
    frames: FrameBatch,
    work: (runner: BlockedRunner, part: FrameBatch, start: number, end: number) => Promise<Float32Array>,
  ): Promise<Float32Array> => {
    const result = new Float32Array(frames.shape[0] * channels);
    const parts = partsOf(frames);
    await Promise.all(
      parts.map(async ({ start, count }, index) => {
        const slice = sliceFrames(frames, start, count);
        const own = { data: new Uint8Array(slice.data), shape: slice.shape };
        const found = await work(runners[index]!, own, start * channels, (start + count) * channels);
        result.set(found, start * channels);
      }),
    );
    return result;
  };
  const partsOf = (frames: FrameBatch) =>
    chunksOf(frames.shape[0], Math.ceil(frames.shape[0] / runners.length));

  const collect = async (frames: FrameBatch): Promise<TensorMap> => {
    const [parts, of] = [partsOf(frames).length, runners.length];
    const shares = await Promise.all(runners.map((runner, index) => runner.collect(parts, { index, of })));
    return Object.assign({}, ...shares) as TensorMap;
  };

  const gradients = async (frames: FrameBatch, dFeatures: Float32Array): Promise<EncoderGradients> => {
    frameShape(frames);
    await prepare('forward');
    await prepare('backward');
    const features = await shareOut(frames, (runner, part, start, end) =>
      runner.gradients(part, dFeatures.slice(start, end)),
    );
    return { gradients: await collect(frames), features };
  };

  const features = async (frames: FrameBatch): Promise<Float32Array> => {
    frameShape(frames);
    await prepare('forward');
    return shareOut(frames, (runner, part) => runner.features(part));
  };

  const step: EncoderSession['step'] = async (frames, head) => {
    if (activationBytes(encoder, frameShape(frames)) > KEPT_BYTES)
      return gradients(frames, await head(await features(frames)));
    await prepare('forward');
    await prepare('backward');
    const found = await shareOut(frames, (runner, part) => runner.forward(part));
    const dFeatures = await head(found);
    await Promise.all(
      partsOf(frames).map(({ start, count }, index) =>
        runners[index]!.backward(dFeatures.slice(start * channels, (start + count) * channels)),
      ),
    );
    return { gradients: await collect(frames), features: found };
  };

  return {
    spec,
    setParameters,
    features,
    gradients,
    step,
    dispose: () => {
      for (const runner of runners) void runner.dispose().catch(() => undefined);
    },
  };
}
