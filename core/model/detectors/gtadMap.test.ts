/** The map's layers give the same whether cells pass at once or in pieces, and leave nothing behind. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';
import { alignPlan } from '#core/model/bricks/subGraphAlign';
import { createRandom } from '#core/util/random';
import { runMap } from './gtadMap.ts';

const CHANNELS = 8;

it('gives the same logits and gradients in pieces of cells as at once', async () => {
  await tf.setBackend('wasm');
  const random = createRandom(3);
  const draw = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  });
  const parameters: TensorMap = {};
  for (const [layer, outputs, inputs] of [
    [2, 6, CHANNELS],
    [4, 6, 6],
    [6, 6, 6],
    [8, 2, 6],
  ] as const) {
    parameters[`localization.${layer}.weight`] = draw(outputs, inputs, 1, 1);
    parameters[`localization.${layer}.bias`] = draw(outputs);
  }
  const plan = alignPlan(9, 9, { inner: 4, context: 2 });
  const rows = draw(plan.cells, CHANNELS).data;
  const gradient = draw(plan.cells, 2).data;
  const before = tf.memory();
  const run = async (pieceBytes: number) => {
    const values = rows.slice();
    const options = { recording: true, whole: false, pieceBytes };
    const pass = await runMap(parameters, values, plan, CHANNELS, options);
    const gradients = await pass.backward(gradient);
    pass.dispose();
    return { logits: pass.logits, gradients, values };
  };
  const whole = await run(1e9);
  const pieces = await run(7 * 4 * CHANNELS);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
  const compare = (a: Float32Array, b: Float32Array): void =>
    a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(1e-4));
  compare(pieces.logits, whole.logits);
  compare(pieces.values, whole.values);
  expect(Object.keys(pieces.gradients).sort()).toEqual(Object.keys(parameters).sort());
  for (const [name, { data }] of Object.entries(whole.gradients)) compare(pieces.gradients[name]!.data, data);
  expect(whole.values).not.toEqual(rows);
});
