import { describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
import { multiplySparse, transposeSparse, type SparseRows } from './sparseRows.ts';

function randomSparse(rows: number, columns: number, share: number): SparseRows {
  const random = createRandom(rows * 31 + columns);
  const start = [0];
  const column: number[] = [];
  const value: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let c = 0; c < columns; c += 1) {
      if (row % 7 !== 3 && random.next() < share) {
        column.push(c);
        value.push(random.normal());
      }
    }
    start.push(column.length);
  }
  return {
    rows,
    columns,
    start: Int32Array.from(start),
    column: Int32Array.from(column),
    value: Float32Array.from(value),
  };
}

function plain(matrix: SparseRows, dense: Float32Array, channels: number): Float64Array {
  const out = new Float64Array(matrix.rows * channels);
  for (let row = 0; row < matrix.rows; row += 1) {
    for (let k = matrix.start[row]!; k < matrix.start[row + 1]!; k += 1) {
      for (let c = 0; c < channels; c += 1) {
        const at = row * channels + c;
        out[at] = out[at]! + matrix.value[k]! * dense[matrix.column[k]! * channels + c]!;
      }
    }
  }
  return out;
}

function worst(actual: Float32Array, expected: Float64Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

describe('multiplySparse', () => {
  it.each([
    [9, 13, 32],
    [50, 40, 20],
    [130, 700, 512],
    [1, 1, 1],
  ])('agrees with plain loops: %i × %i, %i channels', (rows, columns, channels) => {
    const random = createRandom(5);
    const matrix = randomSparse(rows, columns, 0.3);
    const dense = Float32Array.from({ length: columns * channels }, () => random.normal());
    const expected = plain(matrix, dense, channels);
    expect(worst(multiplySparse(matrix, dense, channels), expected)).toBeLessThan(1e-4);
    const back = Float32Array.from({ length: rows * channels }, () => random.normal());
    const turned = transposeSparse(matrix);
    expect(worst(multiplySparse(turned, back, channels), plain(turned, back, channels))).toBeLessThan(1e-4);
  });
});
