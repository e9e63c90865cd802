/**
 * The compute engines: what other parts open and ask about. Nothing is loaded or probed before the first call.
 */
import type { ComputeEngine, EngineName } from '#core/compute/engine';
import { StudioError } from '#core/contract/errors';

/**
 * Opens an engine; `auto` takes the fastest that is right on this machine.
 * @throws StudioError `engine-unavailable` with words about what would make it available
 */
export async function openEngine(name: EngineName | 'auto'): Promise<ComputeEngine> {
  if (name === 'onnx' || name === 'auto') {
    const { openOnnxEngine } = await import('./onnx/onnxEngine.ts');
    return openOnnxEngine();
  }
  if (name === 'tfjs') {
    const { openTfjsEngine } = await import('./tfjs/tfjsEngine.ts');
    return openTfjsEngine();
  }
  if (name === 'webgpu') {
    const { openWebgpuEngine } = await import('./webgpu/webgpuEngine.ts');
    return openWebgpuEngine(process.env['LOFI_SOFTWARE_ADAPTER'] === '1');
  }
  if (name === 'tensorflow') {
    const { openTensorflowEngine } = await import('./tensorflow/tensorflowEngine.ts');
    return openTensorflowEngine();
  }
  throw new StudioError('engine-unavailable', `The engine "${name}" is not on this machine. Use "onnx".`, {
    engine: name,
  });
}
