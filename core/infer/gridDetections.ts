/**
 * From scored candidates on the feature grid to detections: clip to the sequence, drop the empty, per-class soft-NMS, best first.
 */
import type { GridDetection } from '#core/model/detector';
import { softNmsIndices, type SoftNmsOptions } from './softNms.ts';

/** Candidates shorter than this many feature steps are dropped (ActionFormer's `duration_thresh` is 0.05 s). */
const SHORTEST_STEPS = 0.05;

/**
 * Per-class soft-NMS over all candidates of one sequence.
 *
 * @param candidates any order
 * @param length valid steps; boundaries are clipped to [0, length]
 * @returns at most `options.keep` detections over all classes, best first
 */
export function suppressPerClass(
  candidates: readonly GridDetection[],
  length: number,
  options: SoftNmsOptions,
): GridDetection[] {
  const byClass = new Map<number, GridDetection[]>();
  for (const candidate of candidates) {
    const start = Math.max(0, candidate.start);
    const end = Math.min(length, candidate.end);
    if (!(end - start > SHORTEST_STEPS)) continue;
    const list = byClass.get(candidate.classIndex) ?? [];
    list.push({ ...candidate, start, end });
    byClass.set(candidate.classIndex, list);
  }
  const result: GridDetection[] = [];
  for (const list of byClass.values()) {
    const kept = softNmsIndices(
      list.map((item) => item.start),
      list.map((item) => item.end),
      list.map((item) => item.score),
      options,
    );
    for (const { index, score } of kept) result.push({ ...list[index]!, score });
  }
  return result.sort((a, b) => b.score - a.score).slice(0, options.keep);
}
