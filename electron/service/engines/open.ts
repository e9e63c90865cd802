/**
 * Opens one engine by name; its libraries are loaded then and not before.
 */
import type { ComputeEngine, EngineName } from '#core/compute/engine';
import { readResults } from './results.ts';
import { allowSoftwareAdapter } from './webgpu/device.ts';
import type { WebgpuWay } from './webgpu/webgpuEngine.ts';

/**
 * Opens an engine.
 * @param way for the encoder on WebGPU; absent: what the calibration found faster
 * @throws StudioError `engine-unavailable` with words about what would make it available
 */
export async function openNamedEngine(name: EngineName, way?: WebgpuWay): Promise<ComputeEngine> {
  switch (name) {
    case 'onnx':
      return (await import('./onnx/onnxEngine.ts')).openOnnxEngine();
    case 'tfjs':
      return (await import('./tfjs/tfjsEngine.ts')).openTfjsEngine();
    case 'webgpu':
      return (await import('./webgpu/webgpuEngine.ts')).openWebgpuEngine(
        allowSoftwareAdapter(),
        way ?? (await readResults()).webgpu?.way,
      );
    case 'tensorflow':
      return (await import('./tensorflow/tensorflowEngine.ts')).openTensorflowEngine();
  }
}
