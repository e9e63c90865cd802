/**
 * The anchor-free head against PyTorch (anchor_free.py), on the WASM and the plain back end.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { anchorFreeForward, createAnchorFree } from '#core/model/detectors/anchorFree';
import { anchorFreeConfig } from '#core/model/detectors/config';
import { initialOptimiserState, optimiserStep } from '#core/train/optimiser';
import { HEAD_ENGINES, useHeadsOf } from './backends.ts';
import {
  expectSampled,
  expectWithin,
  goldenParameters,
  hashed,
  readGolden,
  unpack,
  type Packed,
  type Sampled,
} from './golden.ts';

interface Golden {
  readonly lengths: readonly number[];
  readonly segments: readonly (readonly GridSegment[])[];
  readonly normaliser: number;
  readonly classification: number;
  readonly regression: number;
  readonly logits: readonly Packed[];
  readonly offsets: readonly Packed[];
  readonly featureGradients: Packed;
  readonly gradients: Readonly<Record<string, Sampled>>;
  readonly afterStep: Readonly<Record<string, Sampled>>;
}

const ADAMW = {
  kind: 'adamw',
  learningRate: 1e-3,
  momentum: 0,
  weightDecay: 0.05,
  schedule: 'constant',
  stepEpochs: 1,
  stepFactor: 1,
  warmupEpochs: 0,
  clipNorm: null,
} as const;

const golden = readGolden<Golden>('anchor_free.json');
const config = anchorFreeConfig({ inChannels: 12, numClasses: 3, width: 16, levels: 4 });
const detector = createAnchorFree(config);
const parameters = goldenParameters(detector.initialise(0), 2);
const batch: DetectorBatch = {
  features: hashed('features', [2, 32, 12], -1, 1),
  shape: [2, 32, 12],
  lengths: golden.lengths,
  segments: golden.segments,
};

describe.each(HEAD_ENGINES)('anchor-free head on %s', (engine) => {
  beforeAll(() => useHeadsOf(engine), 60_000);

  it('gives PyTorch’s scores and offsets', async () => {
    const { layout, logits, offsets } = await anchorFreeForward(config, parameters, batch);
    layout.levels.forEach(({ firstRow, steps, stride }, level) => {
      const [wantLogits, wantOffsets] = [unpack(golden.logits[level]!), unpack(golden.offsets[level]!)];
      golden.lengths.forEach((length, item) => {
        for (let i = 0; i * stride < length; i += 1) {
          const row = item * layout.rows + firstRow + i;
          const at = item * steps + i;
          expectWithin(
            logits.subarray(row * 3, row * 3 + 3),
            wantLogits.subarray(at * 3, at * 3 + 3),
            1e-4,
            `logits ${level}/${i}`,
          );
          expectWithin(
            offsets.subarray(row * 2, row * 2 + 2),
            wantOffsets.subarray(at * 2, at * 2 + 2),
            1e-4,
            `offsets ${level}/${i}`,
          );
        }
      });
    });
  });

  it('gives PyTorch’s losses and gradients', async () => {
    const step = await detector.lossAndGradients(parameters, detector.initialState(0), batch, {
      featureGradients: true,
    });
    expect(step.state['lossNormaliser']).toBeCloseTo(golden.normaliser, 9);
    expect(step.parts['classification']).toBeCloseTo(golden.classification, 5);
    expect(step.parts['regression']).toBeCloseTo(golden.regression, 5);
    expectSampled(step.gradients, golden.gradients, 2e-3);
    const wanted = unpack(golden.featureGradients);
    const peak = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectWithin(step.featureGradients!, wanted, 2e-3 * peak, 'features');
  });

  it('takes PyTorch’s AdamW step', async () => {
    const moved = goldenParameters(detector.initialise(0), 2);
    const step = await detector.lossAndGradients(moved, detector.initialState(0), batch, {
      featureGradients: false,
    });
    optimiserStep(ADAMW, ADAMW.learningRate, moved, step.gradients, initialOptimiserState(), () => false);
    for (const [name, wanted] of Object.entries(golden.afterStep)) {
      const { stride, peak, data } = golden.gradients[name]!;
      const slopes = unpack({ data });
      const after = moved[name]!.data.filter((_, i) => i % stride === 0);
      // Adam's first step is nearly the sign of the gradient: compare where that is clear.
      const clear = Array.from(slopes).flatMap((slope, i) =>
        Math.abs(slope) > 0.02 * peak && Math.abs(slope) > 1e-5 ? [i] : [],
      );
      expectWithin(
        Array.from(clear, (i) => after[i]!),
        Array.from(clear, (i) => unpack(wanted)[i]!),
        2e-6,
        name,
      );
    }
  });
});
