/**
 * The inputs behind the reference numbers of the heads, as the golden scripts (`test/golden/heads/golden.py`) draw them.
 */
import type { TensorMap } from '#core/compute/hostTensor';

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
