import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { anchorFreeForward, createAnchorFree } from '#core/model/detectors/anchorFree';
import { anchorFreeConfig } from '#core/model/detectors/config';
import { createRandom } from '#core/util/random';
import { anchorFreeModel } from './anchorFreeGraph.ts';

describe('the anchor-free head in ONNX Runtime', () => {
  const config = anchorFreeConfig({ inChannels: 12, numClasses: 3, width: 16, levels: 3 });
  const parameters = createAnchorFree(config).initialise(4);
  const random = createRandom(9);
  for (const tensor of Object.values(parameters))
    tensor.data.forEach((value, i) => (tensor.data[i] = value + 0.1 * random.normal()));

  beforeAll(async () => {
    await tf.setBackend('cpu');
    await tf.ready();
  });

  it.each([16, 11])('gives what the head gives here, with %i of 16 steps valid', async (length) => {
    const features = Float32Array.from({ length: 16 * 12 }, () => random.normal());
    const batch = { features, shape: [1, 16, 12], lengths: [length], segments: [[]] } as const;
    const here = await anchorFreeForward(config, parameters, batch);
    const session = await ort.InferenceSession.create(anchorFreeModel(config, parameters, 16));
    const outputs = await session.run({
      features: new ort.Tensor('float32', features, [1, 16, 12]),
      mask: new ort.Tensor(
        'float32',
        Float32Array.from({ length: 16 }, (_, step) => (step < length ? 1 : 0)),
        [1, 16, 1],
      ),
    });
    const [logits, offsets] = [outputs['logits']!, outputs['offsets']!];
    expect([logits.dims, offsets.dims]).toEqual([
      [1, 28, 3],
      [1, 28, 2],
    ]);
    let row = 0;
    let largest = 0;
    here.layout.points.forEach((point, place) => {
      if (point === null) return;
      if (point.position < length) {
        for (let k = 0; k < 3; k += 1) {
          const difference = Math.abs(
            (logits.data as Float32Array)[row * 3 + k]! - here.logits[place * 3 + k]!,
          );
          expect(difference).toBeLessThan(1e-4);
        }
        for (let k = 0; k < 2; k += 1) {
          const value = here.offsets[place * 2 + k]!;
          largest = Math.max(largest, value);
          expect(Math.abs((offsets.data as Float32Array)[row * 2 + k]! - value)).toBeLessThan(1e-4);
        }
      }
      row += 1;
    });
    expect(largest).toBeGreaterThan(0);
  });

  it('needs steps that its coarsest level divides, and every parameter', () => {
    expect(() => anchorFreeModel(config, parameters, 18)).toThrow(/that 4 divides; got 18/);
    expect(() => anchorFreeModel(config, {}, 16)).toThrow(/projection\.embed\.0\.conv\.weight.*missing/);
  });
});
