/**
 * The anchor-free head against PyTorch (anchor_free.py), on every engine that is here.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { anchorFreeForward, createAnchorFree } from '#core/model/detectors/anchorFree';
import { anchorFreeConfig } from '#core/model/detectors/config';
import { ENGINES, useHeadsOf } from '../engines/available.ts';
import {
  expectSampled,
  expectStep,
  expectWithin,
  goldenParameters,
  hashed,
  readGolden,
  unpack,
  type GoldenStep,
  type Packed,
} from './golden.ts';

interface Golden extends GoldenStep {
  readonly lengths: readonly number[];
  readonly segments: readonly (readonly GridSegment[])[];
  readonly normaliser: number;
  readonly classification: number;
  readonly regression: number;
  readonly logits: readonly Packed[];
  readonly offsets: readonly Packed[];
  readonly featureGradients: Packed;
  readonly logitsAfter: readonly Packed[];
  readonly offsetsAfter: readonly Packed[];
}

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

async function expectOutputs(
  of: TensorMap,
  wanted: { readonly logits: readonly Packed[]; readonly offsets: readonly Packed[] },
): Promise<void> {
  const { layout, logits, offsets } = await anchorFreeForward(config, of, batch);
  layout.levels.forEach(({ firstRow, steps, stride }, level) => {
    const [wantLogits, wantOffsets] = [unpack(wanted.logits[level]!), unpack(wanted.offsets[level]!)];
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
}

describe.each(ENGINES)('anchor-free head on %s', (engine) => {
  beforeAll(() => useHeadsOf(engine), 60_000);

  it('gives PyTorch’s scores and offsets', () => expectOutputs(parameters, golden));

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

  it('takes PyTorch’s AdamW step, and gives its scores after it', async () => {
    const moved = goldenParameters(detector.initialise(0), 2);
    const { gradients } = await detector.lossAndGradients(moved, detector.initialState(0), batch, {
      featureGradients: false,
    });
    expectStep(moved, gradients, detector.noDecay, golden);
    await expectOutputs(moved, { logits: golden.logitsAfter, offsets: golden.offsetsAfter });
  });
});
