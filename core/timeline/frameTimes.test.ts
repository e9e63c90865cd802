import { describe, expect, it } from 'vitest';
import {
  boundaryNearSec,
  durationOf,
  frameAtPts,
  frameAtSec,
  middleOfFrame,
  ptsOfFrame,
  regularFrames,
  secOfFrame,
  type FrameTimes,
} from './frameTimes.ts';

/** Variable rate, starting at 900, ticks of a millisecond. */
const times: FrameTimes = {
  pts: Float64Array.of(900, 933, 1000, 1500, 1533),
  endPts: 1566,
  tickSec: 1 / 1000,
  exact: true,
};

describe('frame times', () => {
  it('finds the frame that is shown at a PTS, also outside the video', () => {
    expect([0, 900, 932, 933, 1499, 1500, 9999].map((pts) => frameAtPts(times, pts))).toEqual([
      0, 0, 0, 1, 2, 3, 4,
    ]);
  });

  it('gives each frame back from its own seconds, although seconds are rounded', () => {
    for (let frame = 0; frame < 5; frame += 1) {
      expect(frameAtSec(times, secOfFrame(times, frame))).toBe(frame);
      expect(frameAtSec(times, Number(secOfFrame(times, frame).toFixed(6)))).toBe(frame);
      expect(frameAtSec(times, middleOfFrame(times, frame))).toBe(frame);
    }
  });

  it('knows the boundary after the last frame', () => {
    expect(ptsOfFrame(times, 5)).toBe(1566);
    expect(boundaryNearSec(times, 10)).toBe(5);
    expect(boundaryNearSec(times, 0.66)).toBe(5);
    expect(boundaryNearSec(times, 0.34)).toBe(2);
    expect(boundaryNearSec(times, 0.36)).toBe(3);
    expect(durationOf(times)).toBeCloseTo(0.666, 9);
  });

  it('stands in with even frames', () => {
    const even = regularFrames({
      frameCount: 3,
      startPts: 10,
      timeBase: { num: 1, den: 30_000 },
      averageRate: { num: 30_000, den: 1001 },
    });
    expect([...even.pts]).toEqual([10, 1011, 2012]);
    expect(even.endPts).toBe(3013);
    expect(even.exact).toBe(false);
  });
});
