import { describe, expect, it } from 'vitest';
import { shiftedRows } from './shiftRows.ts';

/** What the gather makes of the part numbers 0, 1, 2 … */
function gathered(rows: Int32Array): (number | null)[] {
  return Array.from(rows, (row) => (row < rows.length ? row : null));
}

describe('the temporal shift as a gather', () => {
  it('takes the first part from the next frame and the second from the one before, inside each snippet', () => {
    // Two snippets of two frames, one position, four parts.
    const rows = shiftedRows([4, 1, 1, 8], 4, 2, 1)!;
    expect(gathered(rows)).toEqual([4, null, 2, 3, null, 1, 6, 7, 12, null, 10, 11, null, 9, 14, 15]);
  });

  it('goes the other way round for gradients', () => {
    const forward = shiftedRows([6, 2, 1, 8], 8, 3, 1)!;
    const backward = shiftedRows([6, 2, 1, 8], 8, 3, -1)!;
    forward.forEach((from, to) => {
      if (from < forward.length) expect(backward[from]).toBe(to);
    });
    const lost = (rows: Int32Array): number => rows.filter((row) => row === rows.length).length;
    expect(lost(backward)).toBe(lost(forward));
  });

  it('leaves channels that do not split evenly to others', () => {
    expect(shiftedRows([4, 1, 1, 9], 8, 2, 1)).toBeNull();
  });
});
