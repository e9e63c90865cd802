/** Numbers that are none end a training, by name. */
import { expect, it } from 'vitest';
import { requireFinite, requireFiniteLoss } from './finite.ts';
import { clipByGlobalNorm } from './optimiser.ts';

const tensors = (first: number, last: number) => ({
  'conv1.weight': { shape: [2], data: Float32Array.of(1, first) },
  'layer1.0.conv1.weight': { shape: [2], data: Float32Array.of(3, last) },
});
const WEIGHTS = tensors(1, 1);
const WHERE = 'Stage 2 diverged at step 7';

it.each([Number.NaN, Number.POSITIVE_INFINITY])('names the step and the tensor that holds %d', (value) => {
  const found = tensors(2, value);
  const norm = clipByGlobalNorm(found, 1);
  expect(found['conv1.weight'].data).toEqual(Float32Array.of(1, 2));
  expect(() => requireFinite(norm, found, WEIGHTS, WHERE)).toThrow(
    /step 7: the gradient of layer1\.0\.conv1\.weight is not a finite number/,
  );
});

it('names the layer where it began: the last whose gradient is broken, whatever order gradients come in', () => {
  const found = tensors(Number.NaN, Number.NaN);
  const turned = Object.fromEntries(Object.entries(found).toReversed());
  expect(() => requireFinite(Number.NaN, turned, WEIGHTS, WHERE)).toThrow(
    /gradient of layer1\.0\.conv1\.weight/,
  );
});

it('names a weight before any gradient', () => {
  const weights = tensors(1, Number.NEGATIVE_INFINITY);
  const gradients = tensors(Number.NaN, Number.NaN);
  const words = /step 7: layer1\.0\.conv1\.weight holds a value that is not a finite number/;
  expect(() => requireFinite(Number.NaN, gradients, weights, WHERE)).toThrow(words);
  expect(() => requireFiniteLoss(Number.NaN, weights, WHERE)).toThrow(words);
  expect(() => requireFiniteLoss(Number.NaN, WEIGHTS, WHERE)).toThrow(
    /step 7: the loss is not a finite number/,
  );
});

it('lets finite numbers pass', () => {
  const found = tensors(2, 1);
  requireFinite(clipByGlobalNorm(found, 1), found, WEIGHTS, WHERE);
  requireFiniteLoss(1, tensors(1, Number.NaN), WHERE);
  expect(found['conv1.weight'].data[0]).toBeCloseTo(1 / Math.hypot(1, 2, 3, 1), 5);
});
