/** TF.js back ends that heads run on: both that npm brings, and those of native TensorFlow and WebGPU where this machine has them. */
import process from 'node:process';
import type { EngineName } from '#core/compute/engine';
import { openEngine } from '#service/engines/index';
import { probeEngine } from '#service/engines/probe';

// A software adapter is slow and right: for goldens it will do.
process.env['LOFI_SOFTWARE_ADAPTER'] ??= '1';

/** Engines whose heads can be tested here; `onnx` runs them on WebAssembly, `tfjs` on the plain back end. */
export const HEAD_ENGINES: EngineName[] = ['onnx', 'tfjs'];
for (const name of ['tensorflow', 'webgpu'] as const) {
  const { available, reason } = await probeEngine(name);
  if (available) HEAD_ENGINES.push(name);
  else console.log(`heads on ${name} are not tested here: ${reason ?? 'it is not available'}`);
}

/** Makes an engine's back end for heads current. */
export async function useHeadsOf(name: EngineName): Promise<void> {
  await (await openEngine(name)).useHeadBackend();
}
