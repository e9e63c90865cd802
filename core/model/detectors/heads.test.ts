/**
 * What every head promises: it learns small footage by heart, finds its segments with their classes, repeats itself from a seed, treats a
 * padded sequence like a short one, and leaves no tensors behind.
 */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { detectorConfigFor } from '#core/train/detectorFor';
import { initialOptimiserState, optimiserStep } from '#core/train/optimiser';
import { buildDetector } from './build.ts';
import {
  anchorFreeConfig,
  gtadConfig,
  tridetConfig,
  type DetectorConfig,
  type GtadConfig,
} from './config.ts';

const CHANNELS = 8;
const STEPS = 16;

const segments: readonly (readonly GridSegment[])[] = [
  [
    { start: 2, end: 6, classIndex: 0 },
    { start: 9, end: 14, classIndex: 1 },
  ],
  [{ start: 4, end: 11, classIndex: 1 }],
];

/** Features that show class and place. */
function batchOf(steps: number): DetectorBatch {
  const features = new Float32Array(2 * steps * CHANNELS);
  segments.forEach((list, item) => {
    for (let t = 0; t < STEPS; t += 1) {
      for (let c = 0; c < CHANNELS; c += 1) {
        features[(item * steps + t) * CHANNELS + c] = 0.2 * Math.sin(7 * t + 3 * c + 11 * item);
      }
      for (const { start, end, classIndex } of list) {
        if (t >= start && t < end) features[(item * steps + t) * CHANNELS + classIndex] = 2;
      }
    }
  });
  return { features, shape: [2, steps, CHANNELS], lengths: [STEPS, STEPS], segments };
}

const optimiser = {
  kind: 'adamw',
  learningRate: 3e-3,
  momentum: 0,
  weightDecay: 0.01,
  schedule: 'constant',
  stepEpochs: 1,
  stepFactor: 1,
  warmupEpochs: 0,
  clipNorm: null,
} as const;

const heads: Record<string, { readonly config: DetectorConfig; readonly steps: number }> = {
  'anchor-free': {
    config: anchorFreeConfig({ inChannels: CHANNELS, numClasses: 2, width: 16, levels: 3 }),
    steps: 70,
  },
  tridet: {
    config: tridetConfig({
      inChannels: CHANNELS,
      numClasses: 2,
      width: 16,
      levels: 3,
      stemLayers: 1,
      dropPath: 0,
    }),
    steps: 70,
  },
  'g-tad': {
    config: gtadConfig({ inChannels: CHANNELS, numClasses: 2, hidden1d: 32, hidden2d: 16, hidden3d: 32 }),
    steps: 45,
  },
};

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe.each(Object.entries(heads))('%s', (_name, { config, steps }) => {
  it('learns, finds segments with their classes, and leaves no tensors behind', async () => {
    const detector = buildDetector(config);
    const parameters = detector.initialise(3);
    let state = detector.initialState(3);
    const moments = initialOptimiserState();
    const before = tf.memory().numTensors;
    const batch = batchOf(STEPS);
    for (let i = 0; i < steps; i += 1) {
      const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: i === 0 });
      expect(Number.isFinite(step.loss)).toBe(true);
      state = step.state;
      optimiserStep(optimiser, optimiser.learningRate, parameters, step.gradients, moments, detector.noDecay);
    }
    const found = await detector.detect(parameters, batch.features.subarray(0, STEPS * CHANNELS), STEPS);
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const truth of segments[0]!) {
      const best = found
        .filter(({ classIndex }) => classIndex === truth.classIndex)
        .reduce((most, { start, end }) => {
          const overlap = Math.max(0, Math.min(end, truth.end) - Math.max(start, truth.start));
          return Math.max(most, overlap / (end - start + truth.end - truth.start - overlap));
        }, 0);
      expect(best).toBeGreaterThan(0.6);
    }
    const sequence = batch.features.subarray(0, STEPS * CHANNELS);
    const { rows, values } = await detector.curves(parameters, sequence, STEPS);
    expect(rows).toEqual(config.name === 'g-tad' ? [0, 1, 'start', 'end'] : [0, 1]);
    expect(values).toHaveLength(rows.length * STEPS);
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    for (const { start, end, classIndex } of segments[0]!) {
      const curve = values.subarray(classIndex * STEPS, (classIndex + 1) * STEPS);
      const middle = curve[Math.floor((start + end) / 2)]!;
      const other = segments[0]!.find((each) => each.classIndex !== classIndex)!;
      expect(middle).toBeGreaterThan(2 * curve[Math.floor((other.start + other.end) / 2)]!);
    }
    if (config.name === 'tridet') expect(found[0]!.startDeviation).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  }, 180_000);

  it('gives the same step for the same seed, padded or not', async () => {
    const detector = buildDetector(config);
    const parameters = detector.initialise(4);
    const run = (batch: DetectorBatch) =>
      detector.lossAndGradients(parameters, detector.initialState(4), batch, { featureGradients: true });
    const plain = await run(batchOf(STEPS));
    const again = await run(batchOf(STEPS));
    const padded = await run(batchOf(STEPS + 8));
    expect(again.loss).toBe(plain.loss);
    expect(padded.loss).toBeCloseTo(plain.loss, 4);
    expect(plain.featureGradients).toHaveLength(2 * STEPS * CHANNELS);
  });

  it('takes a batch without any segment and without any covered step', async () => {
    const detector = buildDetector(config);
    const batch = { ...batchOf(STEPS), segments: [[], []], covered: new Uint8Array(2 * STEPS) };
    const step = await detector.lossAndGradients(detector.initialise(5), detector.initialState(5), batch, {
      featureGradients: false,
    });
    expect(step.loss).toBe(0);
    for (const { data } of Object.values(step.gradients))
      expect(data.every((value) => value === 0)).toBe(true);
  });
});

describe('G-TAD’s proposals', () => {
  it('get both labels of a stretch that bears two', async () => {
    const config = detectorConfigFor('g-tad', CHANNELS, 2, true) as GtadConfig;
    const detector = buildDetector({ ...config, hidden1d: 32, hidden2d: 16, hidden3d: 32 });
    const both = [
      { start: 2, end: 6, classIndex: 0 },
      { start: 2, end: 6.5, classIndex: 1 },
    ];
    const batch = { ...batchOf(STEPS), segments: [both, segments[1]!] };
    const parameters = detector.initialise(3);
    let state = detector.initialState(3);
    const moments = initialOptimiserState();
    for (let i = 0; i < heads['g-tad']!.steps; i += 1) {
      const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: false });
      state = step.state;
      optimiserStep(optimiser, optimiser.learningRate, parameters, step.gradients, moments, detector.noDecay);
    }
    const found = await detector.detect(parameters, batch.features.subarray(0, STEPS * CHANNELS), STEPS);
    const [first, second] = found;
    // The best proposal comes twice, once for each label, and neither takes the other's share of the score.
    expect(second).toMatchObject({ start: first!.start, end: first!.end });
    expect(new Set([first!.classIndex, second!.classIndex])).toEqual(new Set([0, 1]));
    expect(second!.score / first!.score).toBeGreaterThan(0.8);
  }, 180_000);
});
