import type { ComputeEngine } from '#core/compute/engine';
import { expect, it } from 'vitest';
import { openEngine } from '#service/engines/index';
import { selfTest } from './selfTest.ts';

/** The default engine with one number of one gradient changed. */
async function wrongEngine(change: (values: Float32Array) => void): Promise<ComputeEngine> {
  const engine = await openEngine('onnx');
  return {
    ...engine,
    openEncoder: async (...parameters) => {
      const session = await engine.openEncoder(...parameters);
      return {
        ...session,
        gradients: async (frames, dFeatures) => {
          const result = await session.gradients(frames, dFeatures);
          change(result.gradients['conv1.weight']!.data);
          return result;
        },
      };
    },
  };
}

it('passes an engine that is right', async () => {
  const engine = await openEngine('onnx');
  const result = await selfTest(engine);
  expect(result).toMatchObject({ passed: true, failure: null });
  expect(result.accuracy.worst.gradient).toBeLessThan(1e-3);
});

it('names what is wrong, NaN too', async () => {
  const doubled = await selfTest(
    await wrongEngine((values) => values.forEach((v, i) => (values[i] = 2 * v))),
  );
  expect(doubled.passed).toBe(false);
  expect(doubled.failure).toContain('conv1.weight');
  const broken = await selfTest(await wrongEngine((values) => values.fill(Number.NaN)));
  expect(broken.failure).toContain('conv1.weight');
});
