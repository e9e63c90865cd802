import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  frameAtPts,
  frameAtSec,
  mulDiv,
  nearestEdge,
  ptsOfFrame,
  ptsToSec,
  reduce,
  rescalePts,
  secToPts,
  snippetFrames,
  snippetRange,
} from './timebase.ts';
import { formatClock, formatPts, formatSmpte, parseClock, parsePts, parseSmpte } from './timecode.ts';

const ntsc = { num: 1001, den: 30000 };
/** Three hours at 59.94 frames a second in the MPEG clock. */
const long = {
  timeBase: { num: 1, den: 90000 },
  pts: Float64Array.from({ length: 647_352 }, (_, i) => 126_000 + Math.round((i * 90000 * 1001) / 60000)),
  endPts: 0,
};
const variable = {
  timeBase: { num: 1, den: 1000 },
  pts: Float64Array.of(100, 133, 133, 250, 251, 900),
  endPts: 933,
};

describe('timebase', () => {
  it('multiplies and divides exactly beyond 2^53', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (a, b, c) => {
          const exact = BigInt(a) * BigInt(b);
          const result = mulDiv(a, b, c);
          if (!Number.isSafeInteger(result)) return;
          const error = exact - BigInt(result) * BigInt(c);
          expect((error < 0n ? -error : error) * 2n <= BigInt(c)).toBe(true);
        },
      ),
    );
  });

  it('comes back to the same PTS from seconds, for every frame of three hours', () => {
    for (const pts of long.pts)
      if (secToPts(ptsToSec(pts, long.timeBase), long.timeBase) !== pts) throw new Error(String(pts));
    for (let i = 0; i < long.pts.length; i += 997)
      expect(frameAtSec(long, ptsToSec(long.pts[i]!, long.timeBase))).toBe(i);
  });

  it('finds frames by PTS where rates vary and timestamps repeat', () => {
    expect([99, 100, 132, 133, 249, 250, 899, 900, 5000].map((time) => frameAtPts(variable, time))).toEqual([
      0, 0, 0, 2, 2, 3, 4, 5, 5,
    ]);
    expect(ptsOfFrame(variable, 6)).toBe(933);
    expect([0, 117, 190, 240, 920].map((time) => nearestEdge(variable, time))).toEqual([
      100, 133, 133, 250, 933,
    ]);
    expect(frameAtPts({ ...variable, pts: new Float64Array() }, 3)).toBe(-1);
  });

  it('rescales without drift', () => {
    expect(rescalePts(1, ntsc, { num: 1, den: 90000 })).toBe(3003);
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (pts) => {
        expect(
          rescalePts(
            rescalePts(pts, { num: 1, den: 1000 }, { num: 1, den: 90000 }),
            { num: 1, den: 90000 },
            { num: 1, den: 1000 },
          ),
        ).toBe(pts);
      }),
    );
    expect(reduce({ num: -6, den: -4 })).toEqual({ num: 3, den: 2 });
    expect(() => reduce({ num: 1, den: 0 })).toThrow(RangeError);
  });

  it('lays snippets over frames and clamps at the end', () => {
    const grid = { frames: 4, strideFrames: 2, strideSnippets: 8 };
    expect([...snippetFrames(1, 12, grid)]).toEqual([8, 10, 11, 11]);
    expect(snippetRange(0, variable, { ...grid, strideSnippets: 3 })).toEqual({ startPts: 100, endPts: 250 });
  });
});

describe('timecode', () => {
  it('writes and reads clocks', () => {
    expect([0, 59.9996, 3661.25, -1.5].map((sec) => formatClock(sec))).toEqual([
      '00:00.000',
      '01:00.000',
      '01:01:01.250',
      '−00:01.500',
    ]);
    expect(['1:02.5', '90', '1:00:00,25', '1:75', 'x', ''].map(parseClock)).toEqual([
      62.5,
      90,
      3600.25,
      null,
      null,
      null,
    ]);
  });

  it('counts drop-frame timecode as SMPTE 12M does, both ways', () => {
    const rate = { num: 30000, den: 1001 };
    expect([0, 1799, 1800, 17981, 17982, 107892].map((frame) => formatSmpte(frame, rate))).toEqual([
      '00:00:00;00',
      '00:00:59;29',
      '00:01:00;02',
      '00:09:59;29',
      '00:10:00;00',
      '01:00:00;00',
    ]);
    for (let frame = 0; frame < 200_000; frame += 7)
      if (parseSmpte(formatSmpte(frame, rate), rate) !== frame) throw new Error(String(frame));
    expect(parseSmpte('00:01:00;00', rate)).toBeNull();
    expect(parseSmpte('00:00:01:24', { num: 25, den: 1 })).toBe(49);
  });

  it('leads back to the frame whose time was shown', () => {
    const rate = { num: 60000, den: 1001 };
    for (const style of ['clock', 'frames'] as const) {
      for (let frame = 0; frame < long.pts.length; frame += 4999) {
        expect(parsePts(long, formatPts(long, long.pts[frame]!, style, rate), style, rate)).toBe(
          long.pts[frame],
        );
      }
    }
    expect(parsePts(variable, 'now', 'clock', rate)).toBeNull();
  });
});
