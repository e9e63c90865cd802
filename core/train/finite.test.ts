/** Gradients that are no numbers end a training, by name. */
import { expect, it } from 'vitest';
import { clipByGlobalNorm, requireFinite } from './optimiser.ts';

const gradients = (value: number) => ({
  'conv1.weight': { shape: [2], data: Float32Array.of(1, 2) },
  'layer1.0.conv1.weight': { shape: [2], data: Float32Array.of(3, value) },
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('names the step and the tensor that holds %d', (value) => {
  const found = gradients(value);
  const norm = clipByGlobalNorm(found, 1);
  expect(found['conv1.weight'].data).toEqual(Float32Array.of(1, 2));
  expect(() => requireFinite(norm, found, 'Stage 2 diverged at step 7')).toThrow(
    /step 7: the gradient of layer1\.0\.conv1\.weight is not a finite number/,
  );
});

it('lets finite gradients pass', () => {
  const found = gradients(1);
  requireFinite(clipByGlobalNorm(found, 1), found, 'step 1');
  expect(found['conv1.weight'].data[0]).toBeCloseTo(1 / Math.hypot(1, 2, 3, 1), 5);
});
