/**
 * Every operation on the WASM back end gives what the plain back end gives, forward and backward, and its gradients are slopes.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
import { OPERATION_CASES, runOperation, type OperationCase, type OperationResult } from './cases.ts';

const random = createRandom(11);
const cotangents = Float32Array.from({ length: 400 }, () => random.normal());

async function evaluate(
  backend: string,
  operation: OperationCase,
  inputs: readonly Float32Array[],
): Promise<OperationResult> {
  await tf.setBackend(backend);
  return runOperation(operation, inputs, cotangents);
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((most, value) => Math.max(most, value), 0);

describe.each(Object.entries(OPERATION_CASES))('%s', (_name, operation) => {
  const inputs = operation.shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  );

  it('is the same on WASM and on the plain back end', async () => {
    await tf.setBackend('wasm');
    const before = tf.memory();
    const wasm = await evaluate('wasm', operation, inputs);
    expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([before.numTensors, before.numBytes]);
    const plain = await evaluate('cpu', operation, inputs);
    expect(worst(wasm.output, plain.output)).toBeLessThan(1e-5);
    wasm.gradients.forEach((gradient, i) =>
      expect(worst(gradient, plain.gradients[i]!), `gradient ${i}`).toBeLessThan(1e-5),
    );
  });

  it('has the slope that its gradient says', async () => {
    const { gradients } = await evaluate('wasm', operation, inputs);
    const value = async (at: readonly Float32Array[]): Promise<number> =>
      (await evaluate('wasm', operation, at)).output.reduce((sum, y, i) => sum + y * cotangents[i]!, 0);
    for (const [i, input] of inputs.entries()) {
      const direction = input.map((_, j) => Math.sin(3 * j + i));
      const moved = async (by: number): Promise<number> =>
        value(inputs.map((other, j) => (i === j ? other.map((x, k) => x + by * direction[k]!) : other)));
      const slope = ((await moved(1e-3)) - (await moved(-1e-3))) / 2e-3;
      const expected = gradients[i]!.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      expect(Math.abs(slope - expected)).toBeLessThan(0.02 * Math.abs(expected) + 0.02);
    }
  });
});
