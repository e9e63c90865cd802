/**
 * The graphics adapter through Dawn (npm `webgpu`): found, named, judged, and opened with the limits that it offers.
 *
 * `navigator.gpu` alone proves nothing: the adapter may be a software one, which is right but slower than the processor. It is refused
 * unless asked for (tests). Nothing is touched before the first call.
 */
import { StudioError } from '#core/contract/errors';
import { mayHaveVulkanDriver } from './vulkan.ts';

/** An adapter in words. */
export interface AdapterFacts {
  readonly title: string;
  readonly software: boolean;
  /** Largest buffer in bytes. */
  readonly maxBufferBytes: number;
}

/** An open device. */
export interface OpenDevice {
  readonly facts: AdapterFacts;
  readonly gpu: GPU;
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Why the device went away, once it did. */
  lostReason(): string | null;
}

/** Whether software adapters count: only tests ask for them. */
export function allowSoftwareAdapter(): boolean {
  return process.env['LOFI_SOFTWARE_ADAPTER'] === '1';
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

/** What brings an adapter. */
export const REMEDY =
  'Install the graphics driver of your card (on Linux its Vulkan driver). The default engine needs none.';

let gpu: Promise<GPU> | null = null;

async function loadDawn(): Promise<GPU> {
  const dawn = await import('webgpu').catch((error: unknown) => {
    throw unavailable(`WebGPU (Dawn) does not load on ${process.platform} ${process.arch}.`, error);
  });
  Object.assign(globalThis, dawn.globals);
  return dawn.create([]);
}

function unavailable(message: string, cause?: unknown): StudioError {
  return new StudioError('engine-unavailable', `${message} ${REMEDY}`, { remedy: REMEDY }, { cause });
}

function factsOf(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, device, description } = adapter.info;
  const title = [vendor, device === '' ? architecture : device, description]
    .filter((part) => part !== '')
    .join(' · ');
  const software =
    adapter.info.isFallbackAdapter || SOFTWARE.test(`${vendor} ${architecture} ${device} ${description}`);
  return { title, software, maxBufferBytes: adapter.limits.maxBufferSize };
}

/**
 * Finds the adapter.
 * @throws StudioError `engine-unavailable` where there is none
 */
export async function findAdapter(): Promise<{ readonly adapter: GPUAdapter; readonly facts: AdapterFacts }> {
  if (!allowSoftwareAdapter() && !mayHaveVulkanDriver())
    throw unavailable('No Vulkan driver is installed here.');
  gpu ??= loadDawn();
  const adapter = await (await gpu).requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw unavailable('No graphics adapter with WebGPU was found.');
  return { adapter, facts: factsOf(adapter) };
}

/**
 * Opens the adapter's device with all of its limits.
 * @throws StudioError `engine-unavailable` where there is none, or only a software one and that is not allowed
 */
export async function openDevice(allowSoftware: boolean): Promise<OpenDevice> {
  const { adapter, facts } = await findAdapter();
  if (facts.software && !allowSoftware) {
    throw unavailable(
      `The only WebGPU adapter here is a software one (${facts.title}), slower than the default engine.`,
    );
  }
  const limits: Record<string, number> = {};
  for (const name of REQUESTED_LIMITS) {
    const value = adapter.limits[name];
    if (typeof value === 'number') limits[name] = value;
  }
  const device = await adapter.requestDevice({ requiredLimits: limits });
  let lost: string | null = null;
  void device.lost.then((info) => {
    lost = `${info.reason}: ${info.message}`;
  });
  return { facts, gpu: await gpu!, device, info: adapter.info, lostReason: () => lost };
}

const REQUESTED_LIMITS = [
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeInvocationsPerWorkgroup',
] as const satisfies readonly (keyof GPUSupportedLimits)[];
