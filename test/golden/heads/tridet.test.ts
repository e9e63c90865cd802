/**
 * TriDet against PyTorch (tridet.py), on every engine that is here.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowsOfLevel, tridentBoundary } from '#core/losses/tridentLoss';
import type { TensorMap } from '#core/compute/hostTensor';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { tridetConfig } from '#core/model/detectors/config';
import { createTridet, tridetForward } from '#core/model/detectors/tridet';
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
  readonly segments: readonly (readonly GridSegment[])[];
  readonly normaliser: number;
  readonly classification: number;
  readonly regression: number;
  readonly logits: readonly Packed[];
  readonly decoded: readonly Packed[];
  readonly logitsAfter: readonly Packed[];
  readonly decodedAfter: readonly Packed[];
  readonly featureGradients: Packed;
}

const golden = readGolden<Golden>('tridet.json');
const config = tridetConfig({
  inChannels: 12,
  numClasses: 3,
  width: 32,
  levels: 3,
  stemLayers: 1,
  sgpKernel: 3,
  sgpHidden: 48,
  dropPath: 0,
});
const detector = createTridet(config);
const parameters = goldenParameters(detector.initialise(0), 2);
const batch: DetectorBatch = {
  features: hashed('features', [2, 32, 12], -1, 1),
  shape: [2, 32, 12],
  lengths: [32, 32],
  segments: golden.segments,
};

async function expectOutputs(
  of: TensorMap,
  wanted: { readonly logits: readonly Packed[]; readonly decoded: readonly Packed[] },
): Promise<void> {
  const { layout, outputs } = await tridetForward(config, of, batch);
  layout.levels.forEach(({ firstRow, steps }, level) => {
    const logits: number[] = [];
    const decoded: number[] = [];
    for (let item = 0; item < 2; item += 1) {
      for (let i = 0; i < steps; i += 1) {
        const row = item * layout.rows + firstRow + i;
        const [first, last] = rowsOfLevel(layout, row, 32);
        for (let k = 0; k < 3; k += 1) {
          const place = { row, classIndex: k, classes: 3, bins: 16, firstRow: first, lastRow: last };
          logits.push(outputs.logits[row * 3 + k]!);
          decoded.push(
            tridentBoundary(outputs, 'left', place).distance,
            tridentBoundary(outputs, 'right', place).distance,
          );
        }
      }
    }
    expectWithin(logits, unpack(wanted.logits[level]!), 1e-4, `logits ${level}`);
    expectWithin(decoded, unpack(wanted.decoded[level]!), 1e-4, `boundaries ${level}`);
  });
}

describe.each(ENGINES)('TriDet on %s', (engine) => {
  beforeAll(() => useHeadsOf(engine), 60_000);

  it('gives PyTorch’s scores and boundaries', () => expectOutputs(parameters, golden));

  it('gives PyTorch’s losses and gradients', async () => {
    const before = tf.memory().numTensors;
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
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes PyTorch’s AdamW step, and gives its scores after it', async () => {
    const moved = goldenParameters(detector.initialise(0), 2);
    const { gradients } = await detector.lossAndGradients(moved, detector.initialState(0), batch, {
      featureGradients: false,
    });
    expectStep(moved, gradients, detector.noDecay, golden);
    await expectOutputs(moved, { logits: golden.logitsAfter, decoded: golden.decodedAfter });
  });
});
