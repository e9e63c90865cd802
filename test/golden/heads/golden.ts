/**
 * Reads the golden data of the heads and repeats the hash that golden.py draws weights and inputs from.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { goldenParameters, hashed } from '#service/engines/selftest/headInputs';
import type { TensorMap } from '#core/compute/hostTensor';
import type { OptimiserConfig } from '#core/train/config';
import { clipByGlobalNorm, initialOptimiserState, optimiserStep } from '#core/train/optimiser';

export { goldenParameters, hashed };

/** A stored array. */
export interface Packed {
  readonly shape: readonly number[];
  readonly data: string;
}

/** Peak and evenly spread elements of a large tensor. */
export interface Sampled {
  readonly peak: number;
  readonly stride: number;
  readonly data: string;
}

export function readGolden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T;
}

export function unpack({ data }: { readonly data: string }): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return new Float32Array(bytes.buffer);
}

/** Largest absolute difference over `share` of the expected peak fails. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i += 1) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  expect(worst, `${what}: worst difference`).toBeLessThanOrEqual(tolerance);
}

/** Compares sampled tensors; `share` of each tensor's peak is allowed. */
export function expectSampled(
  actual: TensorMap,
  expected: Readonly<Record<string, Sampled>>,
  share: number,
): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, golden] of Object.entries(expected)) {
    const data = actual[name]!.data.filter((_, i) => i % golden.stride === 0);
    expectWithin(data, unpack(golden), share * golden.peak + 1e-9, name);
  }
}

/** The optimiser of a golden step. */
export type Recipe = Pick<OptimiserConfig, 'kind' | 'learningRate' | 'weightDecay' | 'clipNorm'>;

/** What a script says of one step. */
export interface GoldenStep {
  readonly recipe: Recipe;
  readonly gradients: Readonly<Record<string, Sampled>>;
  readonly afterStep: Readonly<Record<string, Sampled>>;
}

/** Takes the step of a script in place and compares every parameter with PyTorch's. */
export function expectStep(
  parameters: TensorMap,
  gradients: TensorMap,
  noDecay: (name: string) => boolean,
  { recipe, gradients: slopes, afterStep }: GoldenStep,
): void {
  const { learningRate } = recipe;
  const rest = { momentum: 0, schedule: 'constant', stepEpochs: 1, stepFactor: 1, warmupEpochs: 0 } as const;
  clipByGlobalNorm(gradients, recipe.clipNorm);
  optimiserStep(
    { ...rest, ...recipe },
    learningRate,
    parameters,
    gradients,
    initialOptimiserState(),
    noDecay,
  );
  expect(Object.keys(parameters).sort()).toEqual(Object.keys(afterStep).sort());
  let compared = 0;
  for (const [name, wanted] of Object.entries(afterStep)) {
    const { peak } = slopes[name]!;
    const expected = unpack(wanted);
    const after = parameters[name]!.data.filter((_, i) => i % wanted.stride === 0);
    // Adam's first step is nearly the sign of the gradient: where that is not clear, it may go either way.
    expectWithin(after, expected, 2.1 * learningRate, `${name} after the step`);
    const clear = Array.from(unpack(slopes[name]!)).flatMap((slope, i) =>
      Math.abs(slope) > 0.02 * peak && Math.abs(slope) > 1e-5 ? [i] : [],
    );
    compared += clear.length;
    expectWithin(
      clear.map((i) => after[i]!),
      clear.map((i) => expected[i]!),
      2e-3 * learningRate + 1.2e-7 * wanted.peak,
      `${name} after the step, where its direction is clear`,
    );
  }
  expect(compared).toBeGreaterThan(Object.keys(afterStep).length);
}
