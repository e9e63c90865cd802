/**
 * Encoder and heads on the graphics card: TF.js's WebGPU back end on Dawn.
 */
import type { ComputeEngine, EncoderSession } from '#core/compute/engine';
import type { OpenDevice } from './device.ts';
import { StudioError } from '#core/contract/errors';
import { KERNEL_OPS } from '#core/model/tfjs/encoderOps';
import { openTfjsEncoder } from '#core/model/tfjs/tfjsEncoder';
import { openOnnxEncoder } from '#service/engines/onnx/encoderSession';
import { openDevice } from './device.ts';

const BACKEND = 'webgpu';

/** What computes the encoder on the card: TF.js's kernels, or ONNX Runtime's WebGPU provider on the generated graphs. */
export const WEBGPU_WAYS = ['tfjs', 'onnx'] as const;

/** One of the two. */
export type WebgpuWay = (typeof WEBGPU_WAYS)[number];

/**
 * Opens the engine.
 * @param allowSoftware for tests: take a software adapter too
 * @param way for the encoder; heads run on TF.js either way
 * @throws StudioError `engine-unavailable`
 */
export async function openWebgpuEngine(
  allowSoftware = false,
  way: WebgpuWay = 'tfjs',
): Promise<ComputeEngine> {
  const open = await openDevice(allowSoftware);
  const tf = await import('@tensorflow/tfjs-core');
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  if (tf.findBackend(BACKEND)) tf.removeBackend(BACKEND);
  // The back end's constructor asks whether navigator.gpu exists, and for nothing else there.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: open.gpu, configurable: true });
  tf.registerBackend(BACKEND, () => new WebGPUBackend(open.device, open.info), 3);
  const useBackend = async (): Promise<void> => {
    if (!(await tf.setBackend(BACKEND))) {
      throw new StudioError(
        'engine-unavailable',
        `TF.js does not start on ${open.facts.title}. Use the default engine.`,
      );
    }
    await tf.ready();
  };
  return {
    name: 'webgpu',
    description: `${open.facts.title}, WebGPU (Dawn), ${way === 'onnx' ? 'encoder on ONNX Runtime' : `TF.js ${tf.version_core}`}`,
    useHeadBackend: useBackend,
    openEncoder: async (spec, parameters, options) => {
      await useBackend();
      if (way === 'onnx') return guarded(open, await openOnnxEncoder(spec, parameters, options, 'webgpu'));
      return guarded(open, openTfjsEncoder(spec, parameters, { ...options, ops: KERNEL_OPS }));
    },
    dispose: async () => {
      if (tf.findBackend(BACKEND)) tf.removeBackend(BACKEND);
      open.device.destroy();
    },
  };
}

/** Ends calls with clear words once the device is lost: results would be zeros. */
function guarded(open: OpenDevice, session: EncoderSession): EncoderSession {
  const check = (): void => {
    const reason = open.lostReason();
    if (reason === null) return;
    throw new StudioError(
      'engine-unavailable',
      `The graphics device was lost (${reason}). The last checkpoint is kept: resume the job, or choose the default engine.`,
      { engine: BACKEND, reason },
    );
  };
  const after = async <T>(work: () => Promise<T>): Promise<T> => {
    check();
    const result = await work();
    check();
    return result;
  };
  return {
    spec: session.spec,
    setParameters: (parameters) => {
      check();
      session.setParameters(parameters);
    },
    features: (frames) => after(() => session.features(frames)),
    gradients: (frames, dFeatures) => after(() => session.gradients(frames, dFeatures)),
    step: (frames, head) => after(() => session.step(frames, head)),
    dispose: () => {
      session.dispose();
    },
  };
}
