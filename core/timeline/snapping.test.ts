import { describe, expect, it } from 'vitest';
import type { FrameTimes } from './frameTimes.ts';
import { snapRange, snapTime } from './snapping.ts';
import { ticksInView } from './ticks.ts';
import { densityFor, tileAt } from './sheets.ts';

/** 10 frames a second. */
const times: FrameTimes = {
  pts: Float64Array.from({ length: 100 }, (_, i) => i * 10),
  endPts: 1000,
  tickSec: 0.01,
  exact: true,
};

describe('snapping', () => {
  it('goes to the nearest target within reach, else to a frame', () => {
    const targets = [
      { sec: 2, kind: 'segment' as const },
      { sec: 2.3, kind: 'playhead' as const },
    ];
    expect(snapTime(2.12, targets, 50, times, true)).toMatchObject({ frame: 20, kind: 'segment' });
    expect(snapTime(2.2, targets, 50, times, true)).toMatchObject({ frame: 23, kind: 'playhead' });
    expect(snapTime(2.12, targets, 50, times, false)).toMatchObject({ frame: 21, kind: 'frame' });
    expect(snapTime(5.04, targets, 50, times, true)).toMatchObject({ frame: 50, kind: 'frame' });
  });

  it('lets the nearer edge of a moved range decide, and keeps its length', () => {
    const targets = [{ sec: 5, kind: 'segment' as const }];
    expect(snapRange(3.05, 4.95, targets, 50, times, true)).toMatchObject({ frame: 31, kind: 'segment' });
    expect(snapRange(4.95, 6.85, targets, 50, times, true)).toMatchObject({ frame: 50, kind: 'segment' });
  });
});

describe('ruler', () => {
  it('labels round times, and shows single frames when they are wide enough', () => {
    const far = ticksInView({ startSec: 0, pxPerSec: 100, widthPx: 500 }, times);
    expect(far.filter(({ text }) => text !== null).map(({ text }) => text)).toEqual([
      '00:00',
      '00:01',
      '00:02',
      '00:03',
      '00:04',
      '00:05',
    ]);
    const near = ticksInView({ startSec: 2, pxPerSec: 400, widthPx: 400 }, times);
    const frames = near.filter(({ text }) => text === null).map(({ sec }) => sec);
    expect(frames).toHaveLength(11 + 1);
    expect(frames[3]).toBeCloseTo(2.3, 9);
  });
});

describe('thumbnail sheets', () => {
  it('takes the sparsest density that still shows every step, and finds the tile', () => {
    expect([0.1, 0.5, 1.9, 7, 1000].map(densityFor)).toEqual([0.5, 0.5, 1, 5, 300]);
    const tile = tileAt(61, 0.5, 3600, { width: 1920, height: 1080 });
    expect(tile).toEqual({ sheet: 1, x: 2 * 106, y: 2 * 60, width: 106, height: 60 });
  });
});
