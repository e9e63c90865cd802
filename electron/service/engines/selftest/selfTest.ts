/**
 * Checks an engine against float64 PyTorch numbers, and measures a real training step.
 *
 * An engine that fails is named and not offered. Tolerances are shares of each tensor's peak.
 */
import type { BatchNormMode, ComputeEngine, EngineName } from '#core/compute/engine';
import type { EngineAccuracy } from '#core/contract/info';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { ReferenceCase } from './inputs.ts';
import { ENCODERS } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import {
  referenceFeatureGradients,
  referenceFrames,
  referenceParameters,
  sampledDifference,
} from './inputs.ts';
import { leakOf, testHeads, type Note } from './headTest.ts';
import reference from './reference.json' with { type: 'json' };

/** What a self-test found. */
export interface SelfTestResult {
  readonly passed: boolean;
  /** Which number was wrong, in words; null when all were right. */
  readonly failure: string | null;
  readonly accuracy: EngineAccuracy;
  /** The part above the encoder: another way to compute the encoder alone need not test it again. */
  readonly heads: Findings;
}

/** What comparing one part found. */
interface Findings {
  readonly failure: string | null;
  readonly compared: number;
  readonly worst: EngineAccuracy['worst'];
}

/** Largest difference allowed, as a share of the peak. Graphics cards may order sums otherwise and round more. */
const TOLERANCE: Readonly<Record<EngineName, EngineAccuracy['allowed']>> = {
  onnx: { feature: 1e-4, gradient: 2e-3 },
  tensorflow: { feature: 1e-4, gradient: 2e-3 },
  tfjs: { feature: 1e-4, gradient: 2e-3 },
  webgpu: { feature: 1e-3, gradient: 5e-3 },
};

/** Shape of the calibration's batch: four snippets of 64 × 64. */
const CALIBRATION: readonly [number, number, number, number] = [4, 8, 64, 64];
const CALIBRATION_RUNS = 3;

/**
 * Compares encoders (features, gradients, running statistics), operations, heads and an optimiser's step with the reference. Each must leave
 * as many tensors and bytes as it found.
 * @param progress told what is compared next
 * @param knownHeads what was found above the encoder on the same back end
 */
export async function selfTest(
  engine: ComputeEngine,
  progress: (text: string) => void = () => undefined,
  knownHeads?: Findings,
): Promise<SelfTestResult> {
  const allowed = TOLERANCE[engine.name];
  await engine.useHeadBackend();
  const encoders = await compare(allowed, async (note) => {
    let leak: string | null = null;
    for (const [name, referenceCase] of Object.entries(referenceCases())) {
      for (const batchNorm of ['frozen', 'trained'] as const) {
        const words = `encoder ${name}, ${batchNorm} batch norm`;
        progress(words);
        const found = await leakOf(words, () => testEncoder(engine, name, referenceCase, batchNorm, note));
        leak ??= found;
      }
    }
    return leak;
  });
  const heads = knownHeads ?? (await compare(allowed, (note) => testHeads(note, progress)));
  const failure = encoders.failure ?? heads.failure;
  const worst = {
    feature: Math.max(encoders.worst.feature, heads.worst.feature),
    gradient: Math.max(encoders.worst.gradient, heads.worst.gradient),
  };
  const accuracy = { compared: encoders.compared + heads.compared, worst, allowed };
  return { passed: failure === null, failure, accuracy, heads };
}

/** Runs a part of the test. @param work answers with what it leaves behind, in words */
async function compare(
  allowed: EngineAccuracy['allowed'],
  work: (note: Note) => Promise<string | null>,
): Promise<Findings> {
  const worst = { feature: 0, gradient: 0 };
  let failure: string | null = null;
  let compared = 0;
  const leak = await work((kind, name, difference) => {
    compared += 1;
    const value = Number.isFinite(difference) ? difference : Number.MAX_VALUE;
    worst[kind] = Math.max(worst[kind], value);
    if (value > allowed[kind]) failure ??= `${name}: off by ${value.toExponential(1)} of its peak`;
  });
  return { failure: failure ?? leak, compared, worst };
}

async function testEncoder(
  engine: ComputeEngine,
  name: string,
  { spec, shape, ...runs }: ReferenceCase,
  batchNorm: BatchNormMode,
  note: Note,
): Promise<void> {
  const expected = runs[batchNorm];
  const session = await engine.openEncoder(spec, referenceParameters(spec), { batchNorm });
  try {
    const dFeatures = referenceFeatureGradients(shape[0], spec.featureChannels);
    const found = await session.gradients(referenceFrames(shape), dFeatures);
    const peak = Math.max(...expected.features.map(Math.abs));
    const off = expected.features.map((value, i) => Math.abs(value - found.features[i]!) / peak);
    note('feature', `${name} features`, off.some(Number.isNaN) ? Number.NaN : Math.max(...off));
    for (const [tensor, sampled] of Object.entries(expected.gradients)) {
      const actual = found.gradients[tensor];
      note('gradient', `${name} ${tensor}`, actual ? sampledDifference(actual.data, sampled) : Number.NaN);
    }
    for (const [tensor, sampled] of Object.entries(expected.running ?? {})) {
      const actual = found.runningStatistics?.[tensor];
      note('feature', `${name} ${tensor}`, actual ? sampledDifference(actual.data, sampled) : Number.NaN);
    }
  } finally {
    session.dispose();
  }
}

function referenceCases(): Readonly<Record<string, ReferenceCase>> {
  return reference.cases as unknown as Readonly<Record<string, ReferenceCase>>;
}

/** Milliseconds of one training step of the small encoder, the shortest of three. */
export async function calibrate(engine: ComputeEngine): Promise<number> {
  const spec: EncoderSpec = ENCODERS.small;
  const session = await engine.openEncoder(spec, initialiseEncoder(spec, 1), { batchNorm: 'frozen' });
  const dFeatures = referenceFeatureGradients(CALIBRATION[0], spec.featureChannels);
  const frames = referenceFrames(CALIBRATION);
  let best = Number.POSITIVE_INFINITY;
  try {
    for (let run = 0; run <= CALIBRATION_RUNS; run += 1) {
      const start = performance.now();
      await session.step(frames, () => Promise.resolve(dFeatures));
      if (run > 0) best = Math.min(best, performance.now() - start);
    }
  } finally {
    session.dispose();
  }
  return best;
}
