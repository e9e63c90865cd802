/**
 * The default engine: ONNX Runtime's CPU part for the encoder, TF.js on WebAssembly for the heads. It needs npm packages alone.
 */
import type { ComputeEngine } from '#core/compute/engine';
import { availableParallelism } from 'node:os';
import { openOnnxEncoder } from './encoderSession.ts';
import { loadRuntime } from './runtime.ts';
import { createEncoderThreads, encoderThreadFile } from './parallelEncoder.ts';
import { useWasmBackend } from '#service/engines/heads';

/** Opens the engine. @throws StudioError `engine-unavailable` */
export async function openOnnxEngine(): Promise<ComputeEngine> {
  const { env } = await loadRuntime();
  const threads = availableParallelism();
  const file = encoderThreadFile();
  const parallel = threads > 1 && file !== null ? createEncoderThreads(threads, file) : null;
  return {
    name: 'onnx',
    description: `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ONNX Runtime ${env.versions.node ?? env.versions.common}`,
    useHeadBackend: useWasmBackend,
    // Trained batch norm looks at the whole batch: it cannot be shared out.
    openEncoder: (spec, parameters, options) =>
      parallel !== null && options.batchNorm === 'frozen'
        ? parallel.open(spec, parameters, options)
        : openOnnxEncoder(spec, parameters, options),
    dispose: async () => parallel?.stop(),
  };
}
