/**
 * TF.js back ends for the heads, loaded on first use.
 */
import { StudioError } from '#core/contract/errors';

/**
 * Makes TF.js's WebAssembly back end current.
 * @throws StudioError `engine-unavailable`
 */
export async function useWasmBackend(): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-wasm');
  await makeCurrent(tf, 'wasm');
}

/** Makes TF.js's plain back end current: slow, for reference numbers. */
export async function useCpuBackend(): Promise<void> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  await makeCurrent(tf, 'cpu');
}

async function makeCurrent(tf: typeof import('@tensorflow/tfjs-core'), name: string): Promise<void> {
  if (!(await tf.setBackend(name))) {
    throw new StudioError('engine-unavailable', `TF.js's back end "${name}" does not start on this machine.`);
  }
  await tf.ready();
}
