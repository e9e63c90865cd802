/**
 * Reads the golden data of the heads and repeats the hash that golden.py draws weights and inputs from.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { goldenParameters, hashed } from '#service/engines/selftest/headInputs';
import type { TensorMap } from '#core/compute/hostTensor';

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
