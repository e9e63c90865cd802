/**
 * Native TensorFlow (CPU or CUDA) under TF.js for encoder and heads, once it is installed.
 */
import type { ComputeEngine, EncoderSession, FrameBatch } from '#core/compute/engine';
import { activationBytes } from '#core/model/encoder/sizes';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { evenChunk, featuresInChunks, gradientsInChunks } from '#core/compute/chunked';
import { openTfjsEncoder } from '#core/model/tfjs/tfjsEncoder';
import { readInstallation } from './installation.ts';
import { NATIVE_BACKEND, loadNativeBackend } from './native.ts';
import { nativeOps } from './nativeOps.ts';

/** Activations of a step that makes one forward pass and keeps them; larger batches are cut into equal parts, each passed forward twice. */
const KEPT_BYTES = 1300e6;
/** Activations of one run without gradients; what is read no more is given back at once, so far less is held. */
const RUN_BYTES = 150e6;

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
      /** Snippets of each part of a batch. */
      const partOf = (frames: FrameBatch, bytes: number): number => {
        const [snippets, count, height, width] = frames.shape;
        const one = activationBytes(encoder, { snippets: 1, frames: count, height, width });
        return evenChunk(snippets, Math.max(1, Math.floor(bytes / one)));
      };
      const features: EncoderSession['features'] = (frames) =>
        featuresInChunks(session, frames, partOf(frames, RUN_BYTES));
      const gradients: EncoderSession['gradients'] = (frames, dFeatures) =>
        gradientsInChunks(session, frames, dFeatures, partOf(frames, KEPT_BYTES));
      return {
        ...session,
        features,
        gradients,
        step: async (frames, head) =>
          partOf(frames, KEPT_BYTES) === frames.shape[0]
            ? session.step(frames, head)
            : gradients(frames, await head(await features(frames))),
      };
    },
    dispose: async () => {},
  };
}
