/**
 * Which engines run on this machine, why the others do not, and which one `auto` takes.
 *
 * Probe, then a self-test against float64 PyTorch numbers and a measured step (both kept between starts), then the fastest that is right.
 */
import type { EngineName } from '#core/compute/engine';
import type { EngineInfo } from '#core/contract/info';
import type { Probe } from './probe.ts';
import type { EngineResult } from './results.ts';
import { toErrorInfo } from '#core/contract/errors';
import { openNamedEngine } from './open.ts';
import { probeEngine } from './probe.ts';
import { readResults, writeResult } from './results.ts';
import { WEBGPU_WAYS, type WebgpuWay } from './webgpu/webgpuEngine.ts';
import { calibrate, selfTest, type SelfTestResult } from './selftest/selfTest.ts';

const TITLES: Readonly<Record<EngineName, string>> = {
  onnx: 'ONNX Runtime (CPU)',
  tensorflow: 'TensorFlow (native)',
  webgpu: 'WebGPU (graphics card)',
  tfjs: 'TF.js (reference)',
};

const NAMES = Object.keys(TITLES) as readonly EngineName[];

/** Engines that `auto` may take; the reference is right but never the fastest. */
const CANDIDATES = ['onnx', 'tensorflow', 'webgpu'] as const satisfies readonly EngineName[];

/** The fastest engine that passed its self-test; engines that are there but were never tested are tested now. */
export async function chooseEngine(): Promise<EngineName> {
  const probes = await Promise.all(CANDIDATES.map(async (name) => [name, await probeEngine(name)] as const));
  const available = probes.filter(([, probe]) => probe.available);
  if (available.length <= 1) return available[0]?.[0] ?? 'onnx';
  const known = await readResults();
  let best: { readonly name: EngineName; readonly stepMs: number } = {
    name: 'onnx',
    stepMs: Number.POSITIVE_INFINITY,
  };
  for (const [name, probe] of available) {
    const kept = known[name];
    const result = kept?.fingerprint === probe.fingerprint ? kept : await examine(name, probe);
    if (result.passed && result.stepMs !== null && result.stepMs < best.stepMs)
      best = { name, stepMs: result.stepMs };
  }
  return best.name;
}

/** Every engine: available or why not, device, memory, measured step, what would make it available. */
export async function listEngines(): Promise<readonly EngineInfo[]> {
  const results = await readResults();
  const infos: EngineInfo[] = [];
  for (const name of NAMES) infos.push(describe(name, await probeEngine(name), results[name]));
  const rank = (info: EngineInfo): number =>
    info.stepMs ?? (info.name === 'onnx' ? 1e12 : Number.POSITIVE_INFINITY);
  const candidates = infos.filter(
    (info) =>
      info.available && info.selfTest !== 'failed' && info.name !== 'tfjs' && Number.isFinite(rank(info)),
  );
  const chosen = candidates.sort((a, b) => rank(a) - rank(b))[0]?.name;
  return infos.map((info) => ({ ...info, chosen: info.name === chosen }));
}

/** Told what a test does next. */
export type TestProgress = (text: string) => void;

/** Runs the self-test and the calibration of one engine, keeps and returns what was found. */
export async function testEngine(name: EngineName, progress?: TestProgress): Promise<EngineInfo> {
  const probe = await probeEngine(name);
  return describe(name, probe, probe.available ? await examine(name, probe, progress) : undefined);
}

/** Keeps that the test of an engine did not come to its end: the engine is named, and not offered. */
export async function markFailed(name: EngineName, failure: string): Promise<EngineInfo> {
  const probe = await probeEngine(name);
  const result = { fingerprint: probe.fingerprint, passed: false, failure, stepMs: null };
  await writeResult(name, result);
  return describe(name, probe, result);
}

async function examine(name: EngineName, probe: Probe, progress?: TestProgress): Promise<EngineResult> {
  const result = await attempt(name, probe, progress);
  await writeResult(name, result);
  return result;
}

/** Both ways of WebGPU are tested; the faster of those that are right is taken. What lies above the encoder is the same in both. */
async function attempt(name: EngineName, probe: Probe, progress?: TestProgress): Promise<EngineResult> {
  if (name !== 'webgpu') return (await attemptWay(name, probe, progress)).result;
  const results: EngineResult[] = [];
  let heads: SelfTestResult['heads'] | undefined;
  for (const way of WEBGPU_WAYS) {
    const told: TestProgress = (text) =>
      progress?.(`encoder on ${way === 'onnx' ? 'ONNX Runtime' : 'TF.js'}: ${text}`);
    const found = await attemptWay(name, probe, told, { way, heads });
    heads ??= found.heads;
    results.push({ ...found.result, way });
  }
  const rank = ({ stepMs }: EngineResult): number => stepMs ?? Number.POSITIVE_INFINITY;
  return results.toSorted((a, b) => rank(a) - rank(b))[0]!;
}

async function attemptWay(
  name: EngineName,
  { fingerprint }: Probe,
  progress?: TestProgress,
  known: { readonly way?: WebgpuWay; readonly heads?: SelfTestResult['heads'] | undefined } = {},
): Promise<{ readonly result: EngineResult; readonly heads?: SelfTestResult['heads'] }> {
  try {
    const engine = await openNamedEngine(name, known.way);
    try {
      const { passed, failure, accuracy, heads } = await selfTest(engine, progress, known.heads);
      if (passed) progress?.('a training step is timed');
      const stepMs = passed ? await calibrate(engine) : null;
      return { result: { fingerprint, passed, failure, stepMs, accuracy }, heads };
    } finally {
      await engine.dispose();
    }
  } catch (error) {
    return { result: { fingerprint, passed: false, failure: toErrorInfo(error).message, stepMs: null } };
  }
}

function describe(name: EngineName, probe: Probe, kept: EngineResult | undefined): EngineInfo {
  const result = kept?.fingerprint === probe.fingerprint ? kept : undefined;
  const failed = probe.available && result?.passed === false;
  const wrong = probe.installable
    ? 'Install it again; use the default engine until then.'
    : 'Update the driver or the engine, then test it again; use the default engine until then.';
  return {
    name,
    title: TITLES[name],
    available: probe.available && !failed,
    reason: failed ? `It fails its self-test (${result.failure ?? 'unknown'}).` : probe.reason,
    remedy: failed ? wrong : probe.remedy,
    device: probe.device,
    memoryBytes: probe.memoryBytes,
    stepMs: result?.stepMs ?? null,
    selfTest: result === undefined ? 'not-run' : result.passed ? 'passed' : 'failed',
    ...(result?.accuracy === undefined ? {} : { accuracy: result.accuracy }),
    installable: probe.installable,
    chosen: false,
  };
}
