import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveredShare, coveredTicks, normaliseRanges, subtractRanges, unionRanges } from './covered.ts';
import type { CoveredRange } from './document.ts';

const ranges = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })).map(([a, b]) => ({
    startPts: Math.min(a, b),
    endPts: Math.max(a, b),
  })),
  { maxLength: 8 },
);
const ticks = (list: readonly CoveredRange[]): Set<number> =>
  new Set(
    list.flatMap(({ startPts, endPts }) => Array.from({ length: endPts - startPts }, (_, i) => startPts + i)),
  );

describe('covered ranges', () => {
  it('are sorted, joined where they touch, clipped, and never empty', () => {
    const list = normaliseRanges(
      [
        { startPts: 50, endPts: 90 },
        { startPts: 0, endPts: 10 },
        { startPts: 10, endPts: 20 },
        { startPts: 30, endPts: 30 },
      ],
      { startPts: 5, endPts: 60 },
    );
    expect(list).toEqual([
      { startPts: 5, endPts: 20 },
      { startPts: 50, endPts: 60 },
    ]);
    expect(coveredShare(list, { startPts: 5, endPts: 55 })).toBeCloseTo(20 / 50);
    expect(coveredShare(list, { startPts: 5, endPts: 5 })).toBe(0);
  });

  it('agree tick by tick with sets, for union and difference', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [setA, setB] = [ticks(a), ticks(b)];
        expect(ticks(unionRanges(a, b))).toEqual(new Set([...setA, ...setB]));
        const rest = new Set([...setA].filter((tick) => !setB.has(tick)));
        const difference = subtractRanges(a, b);
        expect(ticks(difference)).toEqual(rest);
        expect(coveredTicks(difference)).toBe(rest.size);
        expect(normaliseRanges(difference)).toEqual(difference);
      }),
    );
  });
});
