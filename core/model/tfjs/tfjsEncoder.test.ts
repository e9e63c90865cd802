import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { EncoderOps } from './encoderOps.ts';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { PLAIN_OPS } from './encoderOps.ts';
import { openTfjsEncoder } from './tfjsEncoder.ts';

const SPEC: EncoderSpec = {
  family: 'tsm-resnet',
  block: 'basic',
  blocks: [1, 1],
  widths: [8, 16],
  stem: 'imagenet',
  framesPerSnippet: 2,
  shiftDivision: 4,
  featureChannels: 16,
};

const FRAMES = {
  data: Uint8Array.from({ length: 2 * 2 * 12 * 12 * 3 }, (_, i) => (i * 37) % 256),
  shape: [2, 2, 12, 12, 3],
} as const;

const D_FEATURES = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i));

/** Operations of which one fails the n-th time. */
function failing(name: keyof EncoderOps, nth: number): EncoderOps {
  let calls = 0;
  const operation = (...inputs: unknown[]): unknown => {
    calls += 1;
    if (calls === nth) throw new Error('The device is full.');
    return (PLAIN_OPS[name] as (...values: unknown[]) => unknown)(...inputs);
  };
  return { ...PLAIN_OPS, [name]: operation };
}

const open = (ops: EncoderOps, batchNorm: 'frozen' | 'trained') =>
  openTfjsEncoder(SPEC, initialiseEncoder(SPEC, 1), { batchNorm, ops });

describe('an encoder in TF.js', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(['frozen', 'trained'] as const)('leaves no tensors behind, %s batch norm', async (batchNorm) => {
    const empty = tf.memory().numTensors;
    const session = open(PLAIN_OPS, batchNorm);
    const held = tf.memory().numTensors;
    await session.features(FRAMES);
    await session.gradients(FRAMES, D_FEATURES);
    await session.step(FRAMES, () => Promise.resolve(D_FEATURES));
    expect(tf.memory().numTensors).toBe(held);
    session.setParameters(initialiseEncoder(SPEC, 2));
    expect(tf.memory().numTensors).toBe(held);
    session.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  it.each([
    ['conv', 4],
    ['shift', 2],
    ['maxPool', 1],
    ['maxPoolGradient', 1],
    ['convWeightGradient', 3],
    ['convInputGradient', 2],
  ] as const)('leaves none behind when %s fails', async (name, nth) => {
    for (const batchNorm of ['frozen', 'trained'] as const) {
      const session = open(failing(name, nth), batchNorm);
      const held = tf.memory().numTensors;
      await expect(session.gradients(FRAMES, D_FEATURES)).rejects.toThrow('The device is full.');
      expect(tf.memory().numTensors).toBe(held);
      session.dispose();
    }
  });

  it('leaves none behind when the head fails, and works again afterwards', async () => {
    const session = open(PLAIN_OPS, 'frozen');
    const held = tf.memory().numTensors;
    await expect(session.step(FRAMES, () => Promise.reject(new Error('No loss.')))).rejects.toThrow(
      'No loss.',
    );
    expect(tf.memory().numTensors).toBe(held);
    const { features } = await session.gradients(FRAMES, D_FEATURES);
    expect(features).toEqual(await session.features(FRAMES));
    session.dispose();
  });
});
