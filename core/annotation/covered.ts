/**
 * Covered ranges: "this stretch is fully labelled". Training and scoring happen only there.
 *
 * Pure arithmetic on half-open ranges of integer PTS; a normal list is sorted, without overlaps, gaps of zero or empty ranges.
 */
import type { CoveredRange } from './document.ts';

/** Sorts, clips to [startPts, endPts), joins what touches and drops what is empty. */
export function normaliseRanges(
  ranges: readonly CoveredRange[],
  bounds: CoveredRange = { startPts: -Infinity, endPts: Infinity },
): CoveredRange[] {
  const result: { startPts: number; endPts: number }[] = [];
  const clipped = ranges
    .map(({ startPts, endPts }) => ({
      startPts: Math.max(startPts, bounds.startPts),
      endPts: Math.min(endPts, bounds.endPts),
    }))
    .filter((range) => range.startPts < range.endPts)
    .sort((a, b) => a.startPts - b.startPts);
  for (const range of clipped) {
    const last = result.at(-1);
    if (last !== undefined && range.startPts <= last.endPts)
      last.endPts = Math.max(last.endPts, range.endPts);
    else result.push(range);
  }
  return result;
}

/** What either covers. */
export function unionRanges(a: readonly CoveredRange[], b: readonly CoveredRange[]): CoveredRange[] {
  return normaliseRanges([...a, ...b]);
}

/** What `a` covers and `b` does not. */
export function subtractRanges(a: readonly CoveredRange[], b: readonly CoveredRange[]): CoveredRange[] {
  let rest = normaliseRanges(a);
  for (const hole of normaliseRanges(b)) {
    rest = rest.flatMap((range) => [
      ...(range.startPts < hole.startPts
        ? [{ startPts: range.startPts, endPts: Math.min(range.endPts, hole.startPts) }]
        : []),
      ...(range.endPts > hole.endPts
        ? [{ startPts: Math.max(range.startPts, hole.endPts), endPts: range.endPts }]
        : []),
    ]);
  }
  return rest;
}

/** Length of a normal list, in ticks. */
export function coveredTicks(ranges: readonly CoveredRange[]): number {
  return ranges.reduce((sum, range) => sum + range.endPts - range.startPts, 0);
}

/** Share of a video inside covered ranges, 0–1. */
export function coveredShare(ranges: readonly CoveredRange[], bounds: CoveredRange): number {
  const length = bounds.endPts - bounds.startPts;
  return length > 0 ? Math.min(1, coveredTicks(normaliseRanges(ranges, bounds)) / length) : 0;
}
