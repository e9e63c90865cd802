/**
 * The plain reference: encoder and heads in TF.js on WebAssembly. Slow; it is there to check the others.
 */
import type { ComputeEngine } from '#core/compute/engine';
import { openTfjsEncoder } from '#core/model/tfjs/tfjsEncoder';
import { PLAIN_OPS } from '#core/model/tfjs/encoderOps';
import { useWasmBackend } from '#service/engines/heads';

/** Opens the engine. @throws StudioError `engine-unavailable` */
export async function openTfjsEngine(): Promise<ComputeEngine> {
  await useWasmBackend();
  return {
    name: 'tfjs',
    description: 'CPU, one thread, TF.js reference',
    useHeadBackend: useWasmBackend,
    openEncoder: async (spec, parameters, options) => {
      await useWasmBackend();
      return openTfjsEncoder(spec, parameters, { ...options, ops: PLAIN_OPS });
    },
    dispose: async () => {},
  };
}
