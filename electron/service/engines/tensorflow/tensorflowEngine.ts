/**
 * Native TensorFlow (CPU or CUDA) under TF.js for encoder and heads, once it is installed.
 */
import type { ComputeEngine, EncoderSession, FrameBatch } from '#core/compute/engine';
import { activationBytes } from '#core/model/encoder/sizes';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { featuresInChunks, gradientsInChunks } from '#core/compute/chunked';
import { openTfjsEncoder } from '#core/model/tfjs/tfjsEncoder';
import { readInstallation } from './installation.ts';
import { NATIVE_BACKEND, loadNativeBackend } from './native.ts';
import { nativeOps } from './nativeOps.ts';

/** Activations of one run; larger batches are cut, so that memory is bounded. Each run reads and writes every weight, so it is not too small. */
const RUN_BYTES = 100e6;

/**
 * Opens the engine.
 * @throws StudioError `engine-unavailable` when it is not installed or does not load
 */
export async function openTensorflowEngine(): Promise<ComputeEngine> {
  const installation = await readInstallation();
  const backend = await loadNativeBackend(installation.folder);
  const tf = await import('@tensorflow/tfjs-core');
  const useBackend = async (): Promise<void> => {
    await tf.setBackend(NATIVE_BACKEND);
    await tf.ready();
  };
  return {
    name: 'tensorflow',
    description: `${installation.gpu ? 'NVIDIA GPU' : 'CPU'}, TensorFlow ${installation.version}`,
    useHeadBackend: useBackend,
    openEncoder: async (spec, parameters, options) => {
      await useBackend();
      const session = openTfjsEncoder(spec, parameters, { ...options, ops: nativeOps(backend) });
      if (options.batchNorm === 'trained') return session;
      const encoder = buildEncoderLayers(spec);
      const runSnippets = (frames: FrameBatch): number => {
        const [, count, height, width] = frames.shape;
        const one = activationBytes(encoder, { snippets: 1, frames: count, height, width });
        return Math.max(1, Math.floor(RUN_BYTES / one));
      };
      const features: EncoderSession['features'] = (frames) =>
        featuresInChunks(session, frames, runSnippets(frames));
      const gradients: EncoderSession['gradients'] = (frames, dFeatures) =>
        gradientsInChunks(session, frames, dFeatures, runSnippets(frames));
      return {
        ...session,
        features,
        gradients,
        step: async (frames, head) => gradients(frames, await head(await features(frames))),
      };
    },
    dispose: async () => {},
  };
}
