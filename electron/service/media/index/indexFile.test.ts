import { describe, expect, it } from 'vitest';
import type { FrameIndex } from './frameIndex.ts';
import { packIndex, unpackIndex } from './indexFile.ts';
import { fitRate, simplestBetween } from './rate.ts';

const indexOf = (pts: Float64Array, keys: Float64Array): FrameIndex => ({
  timeBase: { num: 1, den: 90000 },
  pts,
  ids: pts,
  identity: 'pts',
  endPts: pts[pts.length - 1]! + 1500,
  isVfr: false,
  averageRate: { num: 60, den: 1 },
  keys: { pts: keys, dts: keys },
  damaged: [[3, 5]],
  badges: [{ kind: 'damaged', text: 'é' }],
});

describe('the index file', () => {
  it('holds three hours at 60 frames a second in at most 5.2 MB', () => {
    const pts = Float64Array.from({ length: 648_000 }, (_, i) => 8_000_000_000 + i * 1500);
    const index = indexOf(
      pts,
      pts.filter((_, i) => i % 10 === 0),
    );
    const bytes = packIndex(index);
    expect(bytes.length).toBeLessThanOrEqual(5_200_000);
    // Compared as bytes: deep equality of 648,000 numbers takes a minute.
    const again = unpackIndex(bytes);
    const raw = (column: Float64Array | undefined): Buffer =>
      Buffer.from(column?.buffer ?? new ArrayBuffer(0));
    expect(raw(again?.pts).equals(raw(pts))).toBe(true);
    expect(raw(again?.keys.pts).equals(raw(index.keys.pts))).toBe(true);
    expect(again?.ids).toBe(again?.pts);
  });

  it('keeps times that no 32-bit distance spans, and names that are not times', () => {
    const pts = Float64Array.of(-5, 0, 2 ** 40, 2 ** 40 + 1);
    const index = { ...indexOf(pts, pts), ids: Float64Array.of(1, 3, 2, 4), identity: 'dts' as const };
    expect(unpackIndex(packIndex(index))).toEqual(index);
  });

  it('refuses what is not an index', () => {
    const bytes = packIndex(indexOf(Float64Array.of(1, 2), Float64Array.of(1)));
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.from('hello, world'),
      bytes.subarray(0, 40),
      Buffer.concat([Buffer.from('LOFIIDX1'), bytes.subarray(8)]),
    ]) {
      expect(unpackIndex(wrong)).toBeNull();
    }
  });
});

describe('fitRate', () => {
  const times = (count: number, time: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => Math.round(time(i)));
  const ms = { num: 1, den: 1000 };

  it('finds the rate behind rounded times', () => {
    const film = times(5000, (i) => (i * 1001 * 1000) / 24000);
    expect(fitRate(film, film[4999]! + 42, ms, [])).toEqual({
      isVfr: false,
      rate: { num: 24000, den: 1001 },
    });
    const odd = times(5000, (i) => (i * 1000) / 17.5);
    expect(fitRate(odd, odd[4999]! + 57, ms, [])).toEqual({ isVfr: false, rate: { num: 35, den: 2 } });
  });

  it('does not believe the container', () => {
    const pts = times(300, (i) => i * 40);
    expect(fitRate(pts, 12_000, ms, [{ num: 30, den: 1 }]).rate).toEqual({ num: 25, den: 1 });
  });

  it('calls two ticks off variable, one tick not', () => {
    const off = (by: number): Float64Array => times(300, (i) => i * 40 + (i === 150 ? by : 0));
    expect([0, 1, 2, -2].map((by) => fitRate(off(by), 12_000, ms, []).isVfr)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([3, -3, 20].map((by) => fitRate(off(by), 12_000, ms, []).isVfr)).toEqual([true, true, true]);
  });

  it('copes with one frame, two frames and no distance', () => {
    expect(fitRate(Float64Array.of(5), 45, ms, [{ num: 0, den: 0 }])).toEqual({
      isVfr: false,
      rate: { num: 25, den: 1 },
    });
    expect(fitRate(Float64Array.of(0, 100), 200, ms, []).rate).toEqual({ num: 10, den: 1 });
    expect(fitRate(Float64Array.of(7, 7, 7), 7, ms, []).isVfr).toBe(false);
    expect(simplestBetween(0.333, 0.334)).toEqual({ num: 1, den: 3 });
  });
});
