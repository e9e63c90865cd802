/**
 * The default engine: ONNX Runtime's CPU part for the encoder, TF.js on WebAssembly for the heads. It needs npm packages alone.
 */
import type { ComputeEngine } from '#core/compute/engine';
import { availableParallelism } from 'node:os';
import { openOnnxEncoder } from './encoderSession.ts';
import { loadRuntime } from './runtime.ts';
import { useWasmBackend } from '#service/engines/heads';

/** Opens the engine. @throws StudioError `engine-unavailable` */
export async function openOnnxEngine(): Promise<ComputeEngine> {
  const { env } = await loadRuntime();
  const threads = availableParallelism();
  return {
    name: 'onnx',
    description: `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ONNX Runtime ${env.versions.node ?? env.versions.common}`,
    useHeadBackend: useWasmBackend,
    openEncoder: openOnnxEncoder,
    dispose: async () => {},
  };
}
