/**
 * G-TAD against PyTorch (gtad.py): both branches, labels, losses, gradients, one optimiser step, soft-NMS.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';
import { softNmsIndices } from '#core/infer/softNms';
import { suppressProposals } from '#core/infer/gtadProposals';
import { gtadLabels } from '#core/losses/gtadLabels';
import { gtadLoss, type DrawCell } from '#core/losses/gtadLoss';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { gtadConfig } from '#core/model/detectors/config';
import { headModel } from '#core/model/onnx/headModel';
import { createGtad, gtadForward, gtadGradients } from '#core/model/detectors/gtad';
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

interface Case extends GoldenStep {
  readonly input: string;
  readonly steps: number;
  readonly durations: number;
  readonly segments: readonly (readonly GridSegment[])[];
  readonly start: Packed;
  readonly end: Packed;
  readonly confidence: Packed;
  readonly iou: Packed;
  readonly startLabel: Packed;
  readonly endLabel: Packed;
  readonly node: number;
  readonly regression: number;
  readonly classification: number;
  readonly featureGradients: Packed;
  readonly startAfter: Packed;
  readonly endAfter: Packed;
  readonly confidenceAfter: Packed;
}

interface Nms {
  readonly sigma: number;
  readonly keep: number;
  readonly kept: readonly (readonly [number, number, number])[];
  readonly keptFew: readonly (readonly [number, number, number])[];
}

const golden = readGolden<Record<'anet' | 'thumos' | 'crowded', Case> & { readonly softNms: Nms }>(
  'gtad.json',
);

const configs = {
  anet: gtadConfig({ inChannels: 16, numClasses: 0 }),
  crowded: gtadConfig({ inChannels: 16, numClasses: 0 }),
  thumos: gtadConfig({ inChannels: 16, numClasses: 0, variant: 'thumos', maxDuration: 8 }),
};

function batchOf(data: Case): DetectorBatch {
  const shape = [data.segments.length, data.steps, 16] as const;
  return {
    features: hashed(data.input, shape, -1, 1),
    shape,
    lengths: data.segments.map(() => data.steps),
    segments: data.segments,
  };
}

const RUNS = ENGINES.flatMap((engine) =>
  (['anet', 'thumos', 'crowded'] as const).map((name) => ({ engine, name })),
);

describe.each(RUNS)('G-TAD on $engine, $name', ({ engine, name }) => {
  const data = golden[name];
  const config = configs[name];
  const batch = batchOf(data);
  let parameters: TensorMap = {};

  beforeAll(async () => {
    await useHeadsOf(engine);
    parameters = goldenParameters(createGtad(config).initialise(0), 2.2);
  }, 60_000);

  const expectMaps = async (of: TensorMap, start: Packed, end: Packed, confidence: Packed): Promise<void> => {
    const cells = 2 * data.durations * data.steps;
    for (let item = 0; item < data.segments.length; item += 1) {
      const features = batch.features.subarray(item * data.steps * 16, (item + 1) * data.steps * 16);
      const raw = await gtadForward(config, of, features, data.steps);
      const part = (packed: Packed, size: number): Float32Array =>
        unpack(packed).subarray(item * size, (item + 1) * size);
      expectWithin(raw.start, part(start, data.steps), 1e-4, 'start');
      expectWithin(raw.end, part(end, data.steps), 1e-4, 'end');
      expectWithin(raw.confidence, part(confidence, cells), 1e-4, 'confidence');
    }
  };
  const gradientsOf = (of: TensorMap, wantFeatures: boolean): ReturnType<typeof gtadGradients> => {
    const size = data.durations * data.steps;
    const shape = [data.segments.length, data.durations, data.steps];
    const draws = { middle: hashed('middle', shape, 0, 1), low: hashed('low', shape, 0, 1) };
    const draw: DrawCell = (band, item, cell) => draws[band][item * size + cell]!;
    return gtadGradients(config, of, batch, draw, wantFeatures);
  };

  it('gives PyTorch’s boundaries and maps', () =>
    expectMaps(parameters, data.start, data.end, data.confidence));

  it('makes the authors’ labels', () => {
    const size = data.durations * data.steps;
    data.segments.forEach((segments, item) => {
      const labels = gtadLabels(segments, data.steps, data.durations, config);
      const part = (packed: Packed, count: number): Float32Array =>
        unpack(packed).subarray(item * count, (item + 1) * count);
      expectWithin(labels.iou, part(data.iou, size), 1e-6, 'overlap');
      expectWithin(labels.start, part(data.startLabel, data.steps), 1e-6, 'start');
      expectWithin(labels.end, part(data.endLabel, data.steps), 1e-6, 'end');
    });
  });

  it('gives PyTorch’s losses and gradients', async () => {
    const before = tf.memory().numTensors;
    const step = await gradientsOf(parameters, true);
    expect(step.parts['node']).toBeCloseTo(data.node, 4);
    expect(step.parts['regression']).toBeCloseTo(data.regression, 5);
    expect(step.parts['classification']).toBeCloseTo(data.classification, 4);
    expectSampled(step.gradients, data.gradients, 2e-3);
    const wanted = unpack(data.featureGradients);
    const peak = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectWithin(step.featureGradients!, wanted, 2e-3 * peak, 'features');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes PyTorch’s step of the optimiser, and gives its maps after it', async () => {
    const moved = goldenParameters(createGtad(config).initialise(0), 2.2);
    const { gradients } = await gradientsOf(moved, false);
    expectStep(moved, gradients, createGtad(config).noDecay, data);
    await expectMaps(moved, data.startAfter, data.endAfter, data.confidenceAfter);
  });
});

describe.each(['anet', 'thumos', 'crowded'] as const)('G-TAD as an ONNX file, %s', (name) => {
  it('gives PyTorch’s boundaries and maps in ONNX Runtime', async () => {
    const data = golden[name];
    const { features, shape } = batchOf(data);
    const parameters = goldenParameters(createGtad(configs[name]).initialise(0), 2.2);
    const session = await ort.InferenceSession.create(headModel(configs[name], parameters, data.steps));
    for (let item = 0; item < shape[0]; item += 1) {
      const part = features.slice(item * data.steps * 16, (item + 1) * data.steps * 16);
      const outputs = await session.run({ features: new ort.Tensor('float32', part, [1, data.steps, 16]) });
      for (const output of ['start', 'end', 'confidence'] as const) {
        const found = outputs[output]!.data as Float32Array;
        const wanted = unpack(data[output]).subarray(item * found.length, (item + 1) * found.length);
        expectWithin(found, wanted, 1e-4, output);
      }
    }
  });
});

describe('G-TAD losses', () => {
  it('stay finite without any positive', () => {
    const labels = gtadLabels([], 6, 6, { nodeWidth: 2 });
    const half = (count: number): Float64Array => new Float64Array(count).fill(0.5);
    const outputs = {
      steps: 6,
      durations: 6,
      start: half(6),
      end: half(6),
      regression: half(36),
      classification: half(36),
    };
    const loss = gtadLoss(
      [outputs],
      [labels],
      { weights: configs.anet.lossWeights, balanceOffsets: [0, 0] },
      () => 0.9,
    );
    expect(Number.isFinite(loss.total)).toBe(true);
    for (const part of [loss.gradients[0]!.start, loss.gradients[0]!.classification])
      expect(part.every(Number.isFinite)).toBe(true);
  });
});

describe('soft-NMS', () => {
  it('gives what the authors’ loop gives, to 1e-9', () => {
    const { sigma, keep, kept, keptFew } = golden.softNms;
    const starts = Float64Array.from(hashed('nms-start', [200], 0, 80));
    const lengths = hashed('nms-length', [200], 1, 20);
    const scores = Float64Array.from(hashed('nms-score', [200], 0, 1));
    const all = Array.from(starts, (start, i) => ({ start, end: start + lengths[i]!, score: scores[i]! }));
    const compare = (
      found: readonly { start: number; end: number; score: number }[],
      wanted: Nms['kept'],
    ): void => {
      expect(found.length).toBe(wanted.length);
      found.forEach(({ start, end, score }, i) => {
        expect(start).toBe(wanted[i]![0]);
        expect(Math.abs(end - wanted[i]![1])).toBeLessThan(1e-9);
        expect(Math.abs(score - wanted[i]![2])).toBeLessThan(1e-9);
      });
    };
    compare(suppressProposals(all, { sigma, keep, originalStop: true }), kept);
    compare(suppressProposals(all.slice(0, 5), { sigma: 0.46, keep, originalStop: true }), keptFew);
    expect(keptFew).toHaveLength(4);
    expect(softNmsIndices([0], [1], [0.5], { sigma, keep, originalStop: true })).toHaveLength(1);
    expect(suppressProposals(all.slice(0, 5), { sigma, keep })).toHaveLength(5);
  });
});
