/** Engines that this machine has: both that npm brings, native TensorFlow where it is installed, WebGPU where there is an adapter, be it a software one. */
import process from 'node:process';
import { vi } from 'vitest';
import type { EngineName } from '#core/compute/engine';
import { openEngine } from '#service/engines/index';
import { probeEngine } from '#service/engines/probe';

// A software adapter is slow and right: for goldens it will do.
process.env['LOFI_SOFTWARE_ADAPTER'] ??= '1';

/** Engines that goldens are compared on; `onnx` runs heads on WebAssembly, `tfjs` on the plain back end. */
export const ENGINES: EngineName[] = ['onnx', 'tfjs'];
for (const name of ['tensorflow', 'webgpu'] as const) {
  const { available, reason } = await probeEngine(name);
  if (available) ENGINES.push(name);
  else console.log(`goldens on ${name} are not tested here: ${reason ?? 'it is not available'}`);
}

// What takes PyTorch a second or two takes a software adapter minutes.
vi.setConfig({ testTimeout: ENGINES.includes('webgpu') ? 1_800_000 : 240_000 });

/** Makes an engine's back end for heads current. */
export async function useHeadsOf(name: EngineName): Promise<void> {
  await (await openEngine(name)).useHeadBackend();
}
