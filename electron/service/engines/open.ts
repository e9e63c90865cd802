/**
 * Opens one engine by name; its libraries are loaded then and not before.
 */
import type { ComputeEngine, EngineName } from '#core/compute/engine';
import { allowSoftwareAdapter } from './webgpu/device.ts';

/**
 * Opens an engine.
 * @throws StudioError `engine-unavailable` with words about what would make it available
 */
export async function openNamedEngine(name: EngineName): Promise<ComputeEngine> {
  switch (name) {
    case 'onnx':
      return (await import('./onnx/onnxEngine.ts')).openOnnxEngine();
    case 'tfjs':
      return (await import('./tfjs/tfjsEngine.ts')).openTfjsEngine();
    case 'webgpu':
      return (await import('./webgpu/webgpuEngine.ts')).openWebgpuEngine(allowSoftwareAdapter());
    case 'tensorflow':
      return (await import('./tensorflow/tensorflowEngine.ts')).openTensorflowEngine();
  }
}
