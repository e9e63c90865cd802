/** TriDet and G-TAD in ONNX Runtime give what they give here; the anchor-free head has a file of its own. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';
import { buildDetector } from '#core/model/detectors/build';
import { gtadConfig, tridetConfig, type DetectorConfig } from '#core/model/detectors/config';
import { gtadForward } from '#core/model/detectors/gtad';
import { tridetForward } from '#core/model/detectors/tridet';
import { createRandom } from '#core/util/random';
import { headModel } from './headModel.ts';

const random = createRandom(5);

function drawn(config: DetectorConfig): TensorMap {
  const parameters = buildDetector(config).initialise(4);
  for (const tensor of Object.values(parameters))
    tensor.data.forEach((value, i) => (tensor.data[i] = value + 0.1 * random.normal()));
  return parameters;
}

async function run(
  model: Uint8Array,
  inputs: Record<string, ort.Tensor>,
): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(model);
  const outputs = await session.run(inputs);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]),
  );
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

beforeAll(async () => {
  await tf.setBackend('cpu');
  await tf.ready();
});

describe('TriDet', () => {
  const config = tridetConfig({
    inChannels: 12,
    numClasses: 3,
    width: 32,
    levels: 3,
    bins: 4,
    stemLayers: 1,
  });
  const parameters = drawn(config);

  it.each([16, 11])('with %i of 16 steps valid', async (length) => {
    const features = Float32Array.from({ length: 16 * 12 }, () => random.normal());
    const batch = { features, shape: [1, 16, 12], lengths: [length], segments: [[]] } as const;
    const { layout, outputs } = await tridetForward(config, parameters, batch);
    const mask = Float32Array.from({ length: 16 }, (_, step) => (step < length ? 1 : 0));
    const there = await run(headModel(config, parameters, 16), {
      features: new ort.Tensor('float32', features, [1, 16, 12]),
      mask: new ort.Tensor('float32', mask, [1, 16, 1]),
    });
    const valid = layout.points.flatMap((point, row) => (point === null ? [] : [{ point, row }]));
    for (const [name, columns] of [
      ['logits', 3],
      ['starts', 3],
      ['ends', 3],
      ['offsets', 10],
    ] as const) {
      const here = outputs[name];
      let most = 0;
      valid.forEach(({ point, row }, at) => {
        if (point.position >= length) return;
        const own = here.subarray(row * columns, (row + 1) * columns);
        most = Math.max(most, worst(own, there[name]!.subarray(at * columns, (at + 1) * columns)));
      });
      expect(most, name).toBeLessThan(1e-4);
      expect(Math.max(...there[name]!) - Math.min(...there[name]!), name).toBeGreaterThan(0.1);
    }
  });
});

describe('G-TAD', () => {
  it.each([
    ['anet', 20],
    ['thumos', 18],
  ] as const)('of the branch %s, with %i steps', async (variant, steps) => {
    const config = gtadConfig({
      inChannels: 16,
      numClasses: 3,
      variant,
      hidden1d: 64,
      hidden2d: 16,
      hidden3d: 24,
      maxDuration: variant === 'anet' ? null : 8,
      bins: { inner: 6, context: 4 },
    });
    const parameters = drawn(config);
    const features = Float32Array.from({ length: steps * 16 }, () => random.normal());
    const here = await gtadForward(config, parameters, features, steps);
    const there = await run(headModel(config, parameters, steps), {
      features: new ort.Tensor('float32', features, [1, steps, 16]),
    });
    expect(worst(here.start, there['start']!)).toBeLessThan(1e-4);
    expect(worst(here.end, there['end']!)).toBeLessThan(1e-4);
    expect(worst(here.confidence, there['confidence']!)).toBeLessThan(1e-4);
    expect(there['classes']).toHaveLength(steps * 3);
  });

  it('needs three steps and every parameter', () => {
    const config = gtadConfig({ inChannels: 16, numClasses: 0 });
    expect(() => headModel(config, {}, 2)).toThrow(/at least 3 steps/);
    expect(() => headModel(config, {}, 8)).toThrow(/backbone1\.0\.weight.*missing/);
  });
});
