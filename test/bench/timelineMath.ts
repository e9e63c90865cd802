/**
 * The timeline's mathematics on 100,000 segments: building lanes after an edit, and walking what is in view for every frame of a
 * pan and of a zoom. Painting is measured in Chromium by `timelinePaint.ts`.
 */
import { buildLane, visitLane, type LaneItem } from '#core/timeline/lanes';
import { fitAll, panBy, zoomAt, type TimelineView } from '#core/timeline/scale';
import type { Benchmark } from './benchmark.ts';

const DURATION_SEC = 3 * 3600;
const LABELS = 12;
const FRAMES = 600;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function itemsOf(count: number, label: number): LaneItem[] {
  const step = DURATION_SEC / count;
  return Array.from({ length: count }, (_, i) => {
    const startSec = i * step + ((i * 7919 + label * 104_729) % 1000) / 10_000;
    return { id: `${label}-${i}`, startSec, endSec: startSec + step * (0.2 + (i % 13) / 10) };
  });
}

export const bench: Benchmark = {
  name: 'timelineMath',
  summary: 'timeline mathematics on 100,000 segments: lanes, pan, zoom',
  async run({ options }) {
    const count = Number(options['segments'] ?? 100_000);
    const perLabel = Array.from({ length: LABELS }, (_, label) => itemsOf(Math.round(count / LABELS), label));
    const builds: number[] = [];
    for (let repeat = 0; repeat < 10; repeat += 1) {
      const started = performance.now();
      perLabel.forEach((items) => buildLane(items));
      builds.push(performance.now() - started);
    }
    const lanes = perLabel.map((items) => buildLane(items));
    const limits = { durationSec: DURATION_SEC, maxPxPerSec: 2400 };
    let view: TimelineView = fitAll({ startSec: 0, pxPerSec: 1, widthPx: 1100 }, limits);
    const walks: number[] = [];
    let blocks = 0;
    for (let frame = 0; frame < FRAMES; frame += 1) {
      // In for the first half, then out, panning all the while.
      view = panBy(
        zoomAt(view, 550, frame < FRAMES / 2 ? 1.03 : 1 / 1.03, limits),
        frame % 40 < 20 ? 15 : -15,
        limits,
      );
      const started = performance.now();
      for (const lane of lanes) {
        visitLane(lane, view, () => {
          blocks += 1;
        });
      }
      walks.push(performance.now() - started);
    }
    return {
      segments: count,
      buildLanesMedianMs: percentile(builds, 0.5),
      walkMedianMs: percentile(walks, 0.5),
      walkP95Ms: percentile(walks, 0.95),
      walkWorstMs: Math.max(...walks),
      blocksPerFrame: blocks / FRAMES,
    };
  },
};
