import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clampView,
  edgeScrollSpeed,
  fitAll,
  fitRange,
  panBy,
  revealTime,
  timeToX,
  viewEndSec,
  xToTime,
  zoomAt,
} from './scale.ts';

const limits = { durationSec: 100, maxPxPerSec: 1200 };
const view = { startSec: 20, pxPerSec: 50, widthPx: 1000 };

describe('timeline scale', () => {
  it('keeps the time under the pointer when it zooms', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.9, max: 1.2, noNaN: true }),
        fc.integer({ min: 300, max: 700 }),
        (factor, x) => {
          const before = xToTime(view, x);
          expect(xToTime(zoomAt(view, x, factor, limits), x)).toBeCloseTo(before, 6);
        },
      ),
    );
  });

  it('never leaves the video, whatever is done', () => {
    const step = fc.record({
      zoom: fc.double({ min: 0.01, max: 100, noNaN: true }),
      x: fc.integer({ min: 0, max: 1000 }),
      dx: fc.integer({ min: -9000, max: 9000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let now = fitAll(view, limits);
        for (const { zoom, x, dx } of steps) {
          now = panBy(zoomAt(now, x, zoom, limits), dx, limits);
        }
        const margin = 8 / now.pxPerSec + 1e-9;
        expect(now.startSec).toBeGreaterThanOrEqual(-margin);
        expect(viewEndSec(now)).toBeLessThanOrEqual(100 + margin + 1e-6);
        expect(now.pxPerSec).toBeLessThanOrEqual(1200);
      }),
    );
  });

  it('shows everything, or a range in the middle', () => {
    const all = fitAll(view, limits);
    expect(timeToX(all, 0)).toBeCloseTo(8, 6);
    expect(timeToX(all, 100)).toBeCloseTo(992, 6);
    const range = fitRange(view, 40, 50, limits);
    expect(timeToX(range, 40)).toBeCloseTo(100, 6);
    expect(timeToX(range, 50)).toBeCloseTo(900, 6);
  });

  it('jumps to a time that is out of view and stays where one is in view', () => {
    expect(revealTime(view, 30, limits)).toBe(view);
    expect(timeToX(revealTime(view, 41, limits), 41)).toBeCloseTo(100, 6);
    expect(timeToX(revealTime(view, 19, limits), 19)).toBeCloseTo(900, 6);
  });

  it('scrolls by itself only at the edges, faster further out', () => {
    expect(edgeScrollSpeed(500, 1000)).toBe(0);
    expect(edgeScrollSpeed(10, 1000)).toBeLessThan(0);
    expect(edgeScrollSpeed(1050, 1000)).toBeGreaterThan(edgeScrollSpeed(990, 1000));
  });

  it('does not zoom out beyond everything', () => {
    expect(clampView({ ...view, pxPerSec: 0.001 }, limits).pxPerSec).toBeCloseTo(9.84, 6);
  });
});
