/**
 * Looks at what each engine would run on, without opening it: available or why not, and what would make it available.
 */
import type { EngineName } from '#core/compute/engine';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { toErrorInfo } from '#core/contract/errors';
import { installerTarget } from './tensorflow/install.ts';
import { CPU_WHEEL, INSTALLED_BYTES } from './tensorflow/wheel.ts';
import { readInstallation } from './tensorflow/installation.ts';
import { hasNativePackage } from './tensorflow/native.ts';
import { loadRuntime } from './onnx/runtime.ts';
import { REMEDY, allowSoftwareAdapter, findAdapter } from './webgpu/device.ts';

/** What a probe found. */
export interface Probe {
  readonly available: boolean;
  readonly reason: string | null;
  readonly remedy: string | null;
  readonly device: string | null;
  readonly memoryBytes: number | null;
  /** Whether the program can install it, for the first time or again. */
  readonly installable: boolean;
  /** Changes when a self-test would have to run again. */
  readonly fingerprint: string;
}

const processor = (): string => `${cpus()[0]?.model.trim() ?? 'CPU'}, ${availableParallelism()} threads`;

const runs = (device: string, memoryBytes: number, version: string): Probe => ({
  available: true,
  reason: null,
  remedy: null,
  device,
  memoryBytes,
  installable: false,
  fingerprint: `${device} · ${version} · suite 3`,
});

const missing = (reason: string, remedy: string | null, installable = false): Probe => ({
  available: false,
  reason,
  remedy,
  device: null,
  memoryBytes: null,
  installable,
  fingerprint: '',
});

async function probeOnnx(): Promise<Probe> {
  const { env } = await loadRuntime();
  return runs(processor(), totalmem(), `ONNX Runtime ${env.versions.common}`);
}

async function probeTensorflow(): Promise<Probe> {
  const target = installerTarget();
  if (!target.supported) return missing(target.reason, null);
  if (!hasNativePackage()) {
    return missing(
      'The npm package @tensorflow/tfjs-node-gpu is not there.',
      'Run "npm install" with optional dependencies in the source; this package was made without it.',
    );
  }
  try {
    const { version, gpu } = await readInstallation();
    const device = gpu ? 'NVIDIA GPU (CUDA)' : processor();
    return { ...runs(device, totalmem(), `TensorFlow ${version}`), installable: true };
  } catch (error) {
    const { code, message } = toErrorInfo(error);
    if (code !== 'engine-unavailable') return missing(message, null, true);
    return missing(
      'Native TensorFlow is not installed.',
      `Installing it fetches ${(CPU_WHEEL.bytes / 1e6).toFixed(0)} MB with Python’s pip and takes ${(INSTALLED_BYTES / 1e9).toFixed(1)} GB of disk.`,
      true,
    );
  }
}

async function probeWebgpu(): Promise<Probe> {
  const { facts } = await findAdapter();
  if (facts.software && !allowSoftwareAdapter()) {
    return missing(
      `Only a software adapter was found (${facts.title}), slower than the default engine.`,
      REMEDY,
    );
  }
  return runs(facts.title, facts.maxBufferBytes, 'WebGPU');
}

/** Probes one engine. Never throws. */
export async function probeEngine(name: EngineName): Promise<Probe> {
  try {
    switch (name) {
      case 'onnx':
        return await probeOnnx();
      case 'tensorflow':
        return await probeTensorflow();
      case 'webgpu':
        return await probeWebgpu();
      case 'tfjs':
        return runs('CPU, one thread (WebAssembly)', totalmem(), 'TF.js');
    }
  } catch (error) {
    const { message, detail } = toErrorInfo(error);
    const remedy = typeof detail['remedy'] === 'string' ? detail['remedy'] : null;
    return missing(remedy === null ? message : message.replace(remedy, '').trim(), remedy);
  }
}
