/**
 * The anchor-free head in use: it learns, its gradients are right, padding and uncovered time change nothing, nothing leaks.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { createRandom } from '#core/util/random';
import { buildDetector } from './build.ts';
import { anchorFreeConfig } from './config.ts';

const small = anchorFreeConfig({ inChannels: 6, numClasses: 2, width: 8, levels: 3 });

/** Features that show each action's class and place, plus noise. */
function scene(seed: number, items: number, steps: number, channels: number): DetectorBatch {
  const random = createRandom(seed);
  const features = new Float32Array(items * steps * channels);
  const segments: GridSegment[][] = [];
  for (let b = 0; b < items; b += 1) {
    const list: GridSegment[] = [];
    for (let at = random.uniform(1, 4); at < steps - 4; at += random.uniform(3, 6)) {
      const length = random.uniform(2, 8);
      const end = Math.min(steps, at + length);
      list.push({ start: at, end, classIndex: random.integer(2) });
      at = end;
    }
    segments.push(list);
    for (let t = 0; t < steps; t += 1) {
      for (let c = 0; c < channels; c += 1) features[(b * steps + t) * channels + c] = 0.3 * random.normal();
      for (const { start, end, classIndex } of list) {
        const share = Math.max(0, Math.min(end, t + 1) - Math.max(start, t));
        features[(b * steps + t) * channels + classIndex] =
          features[(b * steps + t) * channels + classIndex]! + 2 * share;
      }
    }
  }
  return { features, shape: [items, steps, channels], lengths: Array<number>(items).fill(steps), segments };
}

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('anchor-free head', () => {
  it('gives gradients that finite differences confirm', async () => {
    const detector = buildDetector(small);
    const parameters = detector.initialise(1);
    const state = detector.initialState(1);
    const batch = scene(3, 2, 12, 6);
    const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: true });
    const names = [
      'projection.embed.0.conv.weight',
      'rpn_head.reg_convs.1.norm.bias',
      'rpn_head.cls_head.weight',
      'rpn_head.scale.1.scale',
    ];
    for (const name of names) {
      const gradient = step.gradients[name]!.data;
      const at = gradient.reduce(
        (best, value, i) => (Math.abs(value) > Math.abs(gradient[best]!) ? i : best),
        0,
      );
      const lossAt = async (by: number): Promise<number> => {
        const data = parameters[name]!.data.slice();
        data[at] = data[at]! + by;
        const moved = { ...parameters, [name]: { ...parameters[name]!, data } };
        return (await detector.lossAndGradients(moved, state, batch, { featureGradients: false })).loss;
      };
      const slope = ((await lossAt(5e-4)) - (await lossAt(-5e-4))) / 1e-3;
      expect(Math.abs(slope - gradient[at]!) / Math.abs(gradient[at]!), name).toBeLessThan(0.03);
    }
    expect(step.featureGradients).toHaveLength(2 * 12 * 6);
  });

  it('learns to find segments, and leaves no tensors behind', async () => {
    const config = anchorFreeConfig({ inChannels: 6, numClasses: 2, width: 16, levels: 3 });
    const detector = buildDetector(config);
    const parameters = detector.initialise(5);
    let state = detector.initialState(5);
    const batch = scene(7, 4, 32, 6);
    const before = tf.memory().numTensors;
    const momentum = new Map(
      Object.keys(parameters).map((name) => [name, new Float32Array(parameters[name]!.data.length)]),
    );
    let first = 0;
    let last = 0;
    for (let i = 0; i < 120; i += 1) {
      const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: i === 0 });
      state = step.state;
      if (i === 0) first = step.loss * 100;
      last = step.loss * Number(state['lossNormaliser']);
      for (const [name, { data }] of Object.entries(step.gradients)) {
        const moving = momentum.get(name)!;
        for (let j = 0; j < data.length; j += 1) {
          moving[j] = 0.9 * moving[j]! + data[j]!;
          parameters[name]!.data[j] = parameters[name]!.data[j]! - 0.03 * moving[j]!;
        }
      }
    }
    expect(last).toBeLessThan(first / 3);
    const detections = await detector.detect(parameters, batch.features.subarray(0, 32 * 6), 32);
    for (const truth of batch.segments[0]!) {
      const best = Math.max(
        ...detections
          .filter((item) => item.classIndex === truth.classIndex && item.score > 0.2)
          .map((item) => {
            const overlap = Math.max(0, Math.min(item.end, truth.end) - Math.max(item.start, truth.start));
            return overlap / (item.end - item.start + truth.end - truth.start - overlap);
          }),
      );
      expect(best).toBeGreaterThan(0.6);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same loss and gradients when a sequence is padded', async () => {
    const detector = buildDetector(small);
    const parameters = detector.initialise(2);
    const batch = scene(4, 1, 12, 6);
    const wide = new Float32Array(20 * 6).fill(9);
    wide.set(batch.features);
    const padded: DetectorBatch = { ...batch, features: wide, shape: [1, 20, 6] };
    const plain = await detector.lossAndGradients(parameters, detector.initialState(0), batch, {
      featureGradients: true,
    });
    const other = await detector.lossAndGradients(parameters, detector.initialState(0), padded, {
      featureGradients: true,
    });
    expect(other.loss).toBeCloseTo(plain.loss, 5);
    plain.featureGradients!.forEach((value, i) => expect(other.featureGradients![i]).toBeCloseTo(value, 6));
  });

  it('takes no gradient at the logits from time that nobody looked at', async () => {
    const detector = buildDetector(small);
    const parameters = detector.initialise(2);
    const batch = scene(4, 1, 12, 6);
    const none = await detector.lossAndGradients(
      parameters,
      detector.initialState(0),
      { ...batch, covered: new Uint8Array(12) },
      { featureGradients: false },
    );
    expect(none.loss).toBe(0);
    const ignoredOnly = await detector.lossAndGradients(
      parameters,
      detector.initialState(0),
      { ...batch, segments: [[{ start: 0, end: 12, classIndex: -1 }]] },
      { featureGradients: false },
    );
    expect(ignoredOnly.loss).toBe(0);
  });

  it('refuses features that are not numbers', async () => {
    const detector = buildDetector(small);
    const batch = scene(4, 1, 12, 6);
    batch.features[5] = NaN;
    await expect(
      detector.lossAndGradients(detector.initialise(1), detector.initialState(1), batch, {
        featureGradients: false,
      }),
    ).rejects.toMatchObject({ code: 'bad-input' });
  });
});
