/**
 * Checks what lies above the encoder on an engine's TF.js back end against float64 PyTorch: every operation of the heads with its gradients,
 * every head's loss and gradients, and a step of the optimiser. Each must leave as many tensors and bytes as it found.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { TensorMap } from '#core/compute/hostTensor';
import { OPERATION_CASES, runOperation } from '#core/compute/ops/cases';
import type { DetectorBatch, DetectorStep, GridSegment } from '#core/model/detector';
import { buildDetector } from '#core/model/detectors/build';
import {
  anchorFreeConfig,
  gtadConfig,
  tridetConfig,
  type DetectorConfig,
} from '#core/model/detectors/config';
import { gtadGradients } from '#core/model/detectors/gtad';
import type { OptimiserConfig } from '#core/train/config';
import { clipByGlobalNorm, initialOptimiserState, optimiserStep } from '#core/train/optimiser';
import type { SampledTensor } from './inputs.ts';
import { sampledDifference } from './inputs.ts';
import { goldenParameters, hashed } from './headInputs.ts';
import reference from './headReference.json' with { type: 'json' };

/** Told of every number that was compared: `feature` for outputs and losses, as a share of the peak. */
export type Note = (kind: 'feature' | 'gradient', name: string, difference: number) => void;

interface HeadReference {
  readonly lengths?: readonly number[];
  readonly steps?: number;
  readonly durations?: number;
  /** Name of the hash that the features come from. */
  readonly input?: string;
  readonly segments: readonly (readonly GridSegment[])[];
  readonly classification: number;
  readonly regression: number;
  readonly node?: number;
  readonly gradients: Readonly<Record<string, SampledTensor>>;
  readonly featureGradients: SampledTensor;
  readonly recipe?: Pick<OptimiserConfig, 'kind' | 'learningRate' | 'weightDecay' | 'clipNorm'>;
  readonly afterStep?: Readonly<Record<string, SampledTensor>>;
}

interface OperationReference {
  readonly output: SampledTensor;
  readonly gradients: readonly SampledTensor[];
}

const OPERATIONS = reference.operations as Readonly<Record<string, OperationReference>>;
const HEADS = reference.heads as unknown as Readonly<Record<HeadName, HeadReference>>;
type HeadName = 'anchor-free' | 'tridet' | 'g-tad' | 'g-tad thumos';

/** The heads as the golden scripts build them. */
const CONFIGS: Readonly<Record<HeadName, { readonly config: DetectorConfig; readonly scale: number }>> = {
  'anchor-free': {
    config: anchorFreeConfig({ inChannels: 12, numClasses: 3, width: 16, levels: 4 }),
    scale: 2,
  },
  tridet: {
    config: tridetConfig({
      inChannels: 12,
      numClasses: 3,
      width: 32,
      levels: 3,
      stemLayers: 1,
      sgpKernel: 3,
      sgpHidden: 48,
      dropPath: 0,
    }),
    scale: 2,
  },
  'g-tad': { config: gtadConfig({ inChannels: 16, numClasses: 0 }), scale: 2.2 },
  'g-tad thumos': {
    config: gtadConfig({ inChannels: 16, numClasses: 0, variant: 'thumos', maxDuration: 8 }),
    scale: 2.2,
  },
};

/** Runs work on the current back end. @returns what it leaves behind, in words; null when tensors and bytes are as many as before */
export async function leakOf(name: string, work: () => Promise<void>): Promise<string | null> {
  const before = tf.memory();
  await work();
  const after = tf.memory();
  const [tensors, bytes] = [after.numTensors - before.numTensors, after.numBytes - before.numBytes];
  return tensors === 0 && bytes === 0 ? null : `${name} leaves ${tensors} tensors (${bytes} bytes) behind`;
}

/** Runs everything on the current back end. @returns what leaves tensors or bytes behind, in words; null when nothing does */
export async function testHeads(note: Note, progress: (text: string) => void): Promise<string | null> {
  let leak: string | null = null;
  for (const [name, operation] of Object.entries(OPERATION_CASES)) {
    progress(`operation ${name}`);
    const found = await leakOf(`operation ${name}`, () => testOperation(name, operation, note));
    leak ??= found;
  }
  for (const name of Object.keys(CONFIGS) as HeadName[]) {
    progress(`head ${name}`);
    const found = await leakOf(`head ${name}`, () => testHead(name, note));
    leak ??= found;
  }
  return leak;
}

async function testOperation(
  name: string,
  operation: (typeof OPERATION_CASES)[string],
  note: Note,
): Promise<void> {
  const expected = OPERATIONS[name];
  if (expected === undefined) {
    note('feature', `operation ${name} (no reference)`, Number.NaN);
    return;
  }
  const inputs = operation.shapes.map((shape, i) => hashed(`${name} ${i}`, shape, -1, 1));
  const found = await runOperation(operation, inputs, hashed(`${name} dy`, [400], -1, 1));
  note('feature', `operation ${name}`, sampledDifference(found.output, expected.output));
  expected.gradients.forEach((gradient, i) => {
    note('gradient', `operation ${name}, input ${i}`, sampledDifference(found.gradients[i]!, gradient));
  });
}

async function testHead(name: HeadName, note: Note): Promise<void> {
  const expected = HEADS[name];
  const { config, scale } = CONFIGS[name];
  const detector = buildDetector(config);
  const parameters = goldenParameters(detector.initialise(0), scale);
  const items = expected.segments.length;
  const steps = expected.steps ?? 32;
  const shape = [items, steps, config.inChannels] as const;
  const batch: DetectorBatch = {
    features: hashed(expected.input ?? 'features', shape, -1, 1),
    shape,
    lengths: expected.lengths ?? Array<number>(items).fill(steps),
    segments: expected.segments,
  };
  const step = await stepOf(config, parameters, batch, expected);
  for (const part of ['classification', 'regression', 'node'] as const) {
    const value = expected[part];
    if (value === undefined) continue;
    note('feature', `head ${name}, ${part} loss`, Math.abs((step.parts[part] ?? Number.NaN) - value) / value);
  }
  const compare = (kind: string, found: TensorMap, all: Readonly<Record<string, SampledTensor>>): void => {
    for (const [tensor, sampled] of Object.entries(all)) {
      const actual = found[tensor];
      note(
        'gradient',
        `head ${name}, ${kind}${tensor}`,
        actual ? sampledDifference(actual.data, sampled) : NaN,
      );
    }
  };
  compare('', step.gradients, expected.gradients);
  note(
    'gradient',
    `head ${name}, features`,
    sampledDifference(step.featureGradients!, expected.featureGradients),
  );
  const { recipe, afterStep } = expected;
  if (recipe === undefined || afterStep === undefined) return;
  const rest = { momentum: 0, schedule: 'constant', stepEpochs: 1, stepFactor: 1, warmupEpochs: 0 } as const;
  clipByGlobalNorm(step.gradients, recipe.clipNorm);
  optimiserStep(
    { ...rest, ...recipe },
    recipe.learningRate,
    parameters,
    step.gradients,
    initialOptimiserState(),
    detector.noDecay,
  );
  compare('after a step of AdamW, ', parameters, afterStep);
}

/** Loss and gradients; G-TAD's sampled cells are drawn as the script draws them. */
async function stepOf(
  config: DetectorConfig,
  parameters: TensorMap,
  batch: DetectorBatch,
  { durations = 0 }: HeadReference,
): Promise<Pick<DetectorStep, 'parts' | 'gradients' | 'featureGradients'>> {
  const detector = buildDetector(config);
  if (config.name !== 'g-tad')
    return detector.lossAndGradients(parameters, detector.initialState(0), batch, { featureGradients: true });
  const [items, steps] = batch.shape;
  const size = durations * steps;
  const draws = {
    middle: hashed('middle', [items * size], 0, 1),
    low: hashed('low', [items * size], 0, 1),
  };
  return gtadGradients(
    config,
    parameters,
    batch,
    (band, item, cell) => draws[band][item * size + cell]!,
    true,
  );
}
