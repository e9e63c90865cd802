import { describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
import { boundaryFrom, framesOf, frameSecondsAway, spanFrom, type Span } from './destinations.ts';
import { secOfFrame, type FrameTimes } from './frameTimes.ts';

/** Frames of uneven length. */
const random = createRandom(4);
const pts = new Float64Array(400);
for (let frame = 1; frame < pts.length; frame += 1) pts[frame] = pts[frame - 1]! + 1 + random.integer(5);
const times: FrameTimes = { pts, endPts: pts.at(-1)! + 3, tickSec: 0.01, exact: true };
const lastSec = secOfFrame(times, pts.length);
const spans: Span[] = Array.from({ length: 60 }, (_, i) => {
  const startSec = Math.floor(random.next() * lastSec * 50) / 50;
  return { id: String(i), startSec, endSec: Math.min(lastSec, startSec + random.integer(80) / 50) };
});

describe('where keys lead', () => {
  it('the next edge is the nearest of all first and last frames on that side', () => {
    const edges = spans.flatMap((span) => Object.values(framesOf(times, span)) as number[]);
    const all = new Set(edges);
    for (let frame = 0; frame < pts.length; frame += 1) {
      const after = [...all].filter((edge) => edge > frame);
      const before = [...all].filter((edge) => edge < frame);
      expect(boundaryFrom(times, spans, frame, 1)).toBe(after.length > 0 ? Math.min(...after) : null);
      expect(boundaryFrom(times, spans, frame, -1)).toBe(before.length > 0 ? Math.max(...before) : null);
    }
    expect(boundaryFrom(times, [], 3, 1)).toBeNull();
  });

  it('the next span follows the selected one in order of time, round and round, and visits all', () => {
    const sorted = [...spans].sort((a, b) => a.startSec - b.startSec || a.endSec - b.endSec);
    for (const direction of [1, -1] as const) {
      let at = sorted[0]!;
      const seen: string[] = [];
      for (let i = 0; i < spans.length; i += 1) {
        const next = spanFrom(spans, at.id, 0, direction)!;
        const expected = sorted[(sorted.indexOf(at) + direction + sorted.length) % sorted.length]!;
        expect([next.startSec, next.endSec]).toEqual([expected.startSec, expected.endSec]);
        seen.push(next.id);
        at = next;
      }
      expect(new Set(seen).size).toBe(spans.length);
    }
  });

  it('without a selection the next span is the nearest that begins on that side, else the outermost', () => {
    const starts = spans.map(({ startSec }) => startSec);
    for (const sec of [0, 1.234, lastSec / 2, lastSec + 1]) {
      const after = starts.filter((start) => start >= sec);
      const before = starts.filter((start) => start <= sec);
      expect(spanFrom(spans, undefined, sec, 1)?.startSec).toBe(
        Math.min(...(after.length > 0 ? after : starts)),
      );
      expect(spanFrom(spans, undefined, sec, -1)?.startSec).toBe(
        Math.max(...(before.length > 0 ? before : starts)),
      );
    }
    expect(spanFrom([], undefined, 0, 1)).toBeUndefined();
  });

  it('some seconds away is always another frame', () => {
    expect(frameSecondsAway(times, 10, 1e-6)).toBe(11);
    expect(frameSecondsAway(times, 10, -1e-6)).toBe(9);
    const target = frameSecondsAway(times, 100, 1);
    expect(secOfFrame(times, target)).toBeLessThanOrEqual(secOfFrame(times, 100) + 1);
    expect(secOfFrame(times, target + 1)).toBeGreaterThan(secOfFrame(times, 100) + 1);
  });
});
