/**
 * Which engines run on this machine, why the others do not, and whether one gives the right numbers here.
 *
 * `listEngines` opens each engine once and asks nothing of the network. `testEngine` compares an engine's features and gradients with the
 * plain reference (`tfjs`) on a small network and measures a real training step; what it finds is kept for the life of the process.
 */
import os from 'node:os';
import type { ComputeEngine, EngineName, FrameBatch } from '#core/compute/engine';
import type { EngineInfo } from '#core/contract/info';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { TensorMap } from '#core/compute/hostTensor';
import { toErrorInfo } from '#core/contract/errors';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { createRandom } from '#core/util/random';
import { openEngine } from './index.ts';

const TITLES: Readonly<Record<EngineName, string>> = {
  onnx: 'ONNX Runtime (default)',
  tensorflow: 'Native TensorFlow',
  webgpu: 'WebGPU (Dawn)',
  tfjs: 'TF.js reference',
};
const NAMES: readonly EngineName[] = ['onnx', 'tensorflow', 'webgpu', 'tfjs'];

/** Small enough for seconds on the reference, with every kind of layer of the demo's encoder. */
const PROBE_SPEC: EncoderSpec = {
  family: 'tsm-resnet',
  block: 'basic',
  blocks: [1, 1],
  widths: [8, 16],
  stem: 'small',
  framesPerSnippet: 8,
  shiftDivision: 8,
  featureChannels: 16,
};
/** Share of a tensor's peak by which float32 engines may differ (the parity suite's own bound for gradients). */
const TOLERANCE = 2e-3;

interface Tested {
  readonly selfTest: 'passed' | 'failed';
  readonly stepMs: number | null;
  readonly reason: string | null;
}
const tested = new Map<EngineName, Tested>();
/** What the first listing found; a test starts it anew. */
let listed: Promise<EngineInfo[]> | null = null;

function frames(snippets: number, side: number): FrameBatch {
  const random = createRandom(7);
  const data = Uint8Array.from({ length: snippets * 8 * side * side * 3 }, () => random.integer(256));
  return { data, shape: [snippets, 8, side, side, 3] };
}

async function numbers(engine: ComputeEngine): Promise<TensorMap> {
  const session = await engine.openEncoder(PROBE_SPEC, initialiseEncoder(PROBE_SPEC, 3), {
    batchNorm: 'frozen',
  });
  try {
    const gradient = Float32Array.from({ length: 2 * PROBE_SPEC.featureChannels }, (_, i) => Math.sin(i + 1));
    const { features, gradients } = await session.gradients(frames(2, 16), gradient);
    return { features: { shape: [features.length], data: features }, ...gradients };
  } finally {
    session.dispose();
  }
}

/** Name of the first tensor that differs, or is not finite; null when all agree. */
function firstDifference(found: TensorMap, wanted: TensorMap): string | null {
  for (const [name, { data }] of Object.entries(wanted)) {
    const other = found[name]?.data;
    if (other?.length !== data.length) return name;
    const peak = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
    // NaN fails the comparison, so the test must be written this way round.
    if (!data.every((value, i) => Math.abs(value - other[i]!) <= TOLERANCE * peak)) return name;
  }
  return null;
}

/** Milliseconds of a training step of the demo's encoder, 8 snippets of 8 frames at 32²: the best of three. */
async function measureStep(engine: ComputeEngine): Promise<number> {
  const spec = encoderByName('small');
  const session = await engine.openEncoder(spec, initialiseEncoder(spec, 1), { batchNorm: 'frozen' });
  try {
    const batch = frames(8, 32);
    const gradient = new Float32Array(8 * spec.featureChannels).fill(0.01);
    let best = Infinity;
    for (let run = 0; run < 4; run += 1) {
      const start = performance.now();
      await session.gradients(batch, gradient);
      if (run > 0) best = Math.min(best, performance.now() - start);
    }
    return best;
  } finally {
    session.dispose();
  }
}

async function describe(name: EngineName): Promise<EngineInfo> {
  const known = tested.get(name);
  const base = {
    name,
    title: TITLES[name],
    installable: false,
    chosen: false,
    memoryBytes: null,
    stepMs: known?.stepMs ?? null,
  };
  try {
    const engine = await openEngine(name);
    const device = engine.description;
    await engine.dispose();
    const failed = known?.selfTest === 'failed';
    return {
      ...base,
      available: !failed,
      reason: known?.reason ?? null,
      remedy: null,
      device,
      memoryBytes: name === 'webgpu' ? null : os.totalmem(),
      selfTest: known?.selfTest ?? 'not-run',
    };
  } catch (error) {
    const { message, detail } = toErrorInfo(error);
    const remedy = typeof detail['remedy'] === 'string' ? detail['remedy'] : null;
    const reason = remedy === null ? message : message.replace(remedy, '').trim();
    return { ...base, available: false, reason, remedy, device: null, selfTest: 'not-run' };
  }
}

/** Every engine, with the one that `auto` takes marked: the fastest that passed its test, else the default. */
export function listEngines(): Promise<EngineInfo[]> {
  listed ??= probe();
  return listed;
}

async function probe(): Promise<EngineInfo[]> {
  const found: EngineInfo[] = [];
  for (const name of NAMES) found.push(await describe(name));
  const best = found
    .filter((engine) => engine.available && engine.selfTest === 'passed' && engine.stepMs !== null)
    .sort((a, b) => (a.stepMs ?? 0) - (b.stepMs ?? 0))[0];
  const chosen = best?.name ?? 'onnx';
  return found.map((engine) => ({ ...engine, chosen: engine.available && engine.name === chosen }));
}

/** Checks one engine against the reference and measures its step. An engine that gives wrong numbers is not offered from then on. */
export async function testEngine(name: EngineName): Promise<EngineInfo> {
  try {
    const reference = await openEngine('tfjs');
    const wanted = await numbers(reference);
    await reference.dispose();
    const engine = await openEngine(name);
    const wrong = firstDifference(await numbers(engine), wanted);
    const stepMs = wrong === null ? await measureStep(engine) : null;
    await engine.dispose();
    tested.set(name, {
      selfTest: wrong === null ? 'passed' : 'failed',
      stepMs,
      reason: wrong === null ? null : `It gives wrong numbers on this machine (${wrong}).`,
    });
  } catch {
    tested.delete(name);
  }
  listed = null;
  return describe(name);
}
