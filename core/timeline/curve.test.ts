import { describe, expect, it } from 'vitest';
import { curveAt, curveColumns, type Curve } from './curve.ts';

const curve: Curve = { startSec: 1, stepSec: 0.5, values: Float32Array.from([0, 1, 0.5, 0.25]) };

describe('score curves', () => {
  it('go straight from the middle of one sample to the next, and end where the samples end', () => {
    expect(curveAt(curve, 1.25)).toBe(0);
    expect(curveAt(curve, 1.5)).toBe(0.5);
    expect(curveAt(curve, 1.75)).toBe(1);
    expect(curveAt(curve, 1)).toBe(0);
    expect(curveAt(curve, 2.99)).toBe(0.25);
    expect(curveAt(curve, 0.99)).toBeNull();
    expect(curveAt(curve, 3)).toBeNull();
  });

  it('keep every peak when many samples share a pixel', () => {
    const values = new Float32Array(10_000);
    values[4321] = 0.9;
    const columns = new Float32Array(100);
    const view = { startSec: 0, pxPerSec: 0.1, widthPx: 100 };
    curveColumns({ startSec: 0, stepSec: 0.1, values }, view, columns);
    expect(columns[43]).toBeCloseTo(0.9);
    expect(columns.filter((value) => value > 0)).toHaveLength(1);
  });

  it('say nothing before their start and after their end', () => {
    const columns = new Float32Array(40);
    curveColumns(curve, { startSec: 0, pxPerSec: 10, widthPx: 40 }, columns);
    expect([...columns.slice(0, 10)].every((value) => value === -1)).toBe(true);
    expect([...columns.slice(30)].every((value) => value === -1)).toBe(true);
    expect(columns[17]).toBeCloseTo(1, 1);
  });
});
