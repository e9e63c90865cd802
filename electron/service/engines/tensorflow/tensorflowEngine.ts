/**
 * Native TensorFlow (CPU or CUDA) under TF.js for encoder and heads, once it is installed.
 */
import type { ComputeEngine, EncoderSession } from '#core/compute/engine';
import { activationBytes } from '#core/model/encoder/sizes';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { featuresInChunks } from '#core/compute/chunked';
import { openTfjsEncoder } from '#core/model/tfjs/tfjsEncoder';
import { readInstallation } from './installation.ts';
import { NATIVE_BACKEND, loadNativeBackend } from './native.ts';
import { nativeOps } from './nativeOps.ts';

/** Activations of one run without gradients; larger batches are cut, so that extraction needs little memory. */
const FEATURE_BYTES = 400e6;

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
      const features: EncoderSession['features'] = (frames) => {
        const [, count, height, width] = frames.shape;
        const one = activationBytes(encoder, { snippets: 1, frames: count, height, width });
        return featuresInChunks(session, frames, Math.max(1, Math.floor(FEATURE_BYTES / one)));
      };
      return { ...session, features };
    },
    dispose: async () => {},
  };
}
