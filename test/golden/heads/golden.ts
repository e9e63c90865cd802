/**
 * Reads the golden data of the heads and repeats the hash that golden.py draws weights and inputs from.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';

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

/** Uniform numbers in [low, high) that depend on name and index alone; as `hashed` in golden.py. */
export function hashed(name: string, shape: readonly number[], low: number, high: number): Float32Array {
  let seed = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    return low + (high - low) * ((x >>> 0) / 4294967296);
  });
}

/** Parameters of the same shapes with the golden values; as `fill` in golden.py. */
export function goldenParameters(like: TensorMap, scale: number): TensorMap {
  return Object.fromEntries(
    Object.entries(like).map(([name, { shape }]) => {
      let range: readonly [number, number] = [-0.1, 0.1];
      if (shape.length > 1) {
        const bound = scale / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));
        range = [-bound, bound];
      } else if ((name.includes('norm') && name.endsWith('weight')) || name.endsWith('scale'))
        range = [0.8, 1.2];
      return [name, { shape, data: hashed(name, shape, range[0], range[1]) }];
    }),
  );
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
