/**
 * From scored candidates on the feature grid to detections: clip to the sequence, drop the empty, per-class soft-NMS, best first.
 */
import type { GridDetection } from '#core/model/detector';
import { softNmsIndices, type SoftNmsOptions } from './softNms.ts';

/** Candidates shorter than this many feature steps are dropped (ActionFormer's `duration_thresh` is 0.05 s). */
const SHORTEST_STEPS = 0.05;

/** Soft-NMS of a sequence, and which candidates have met already. */
export interface SuppressOptions extends Omit<SoftNmsOptions, 'groups'> {
  /** Candidates of one group do not lower each other. */
  readonly groupOf?: (candidate: GridDetection) => number;
}

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
  { groupOf, ...options }: SuppressOptions,
): GridDetection[] {
  const byClass = new Map<number, { readonly item: GridDetection; readonly group: number }[]>();
  for (const candidate of candidates) {
    const start = Math.max(0, candidate.start);
    const end = Math.min(length, candidate.end);
    if (!(end - start > SHORTEST_STEPS)) continue;
    const list = byClass.get(candidate.classIndex) ?? [];
    list.push({ item: { ...candidate, start, end }, group: groupOf?.(candidate) ?? 0 });
    byClass.set(candidate.classIndex, list);
  }
  const result: GridDetection[] = [];
  for (const list of byClass.values()) {
    const kept = softNmsIndices(
      list.map(({ item }) => item.start),
      list.map(({ item }) => item.end),
      list.map(({ item }) => item.score),
      { ...options, ...(groupOf === undefined ? {} : { groups: list.map(({ group }) => group) }) },
    );
    for (const { index, score } of kept) result.push({ ...list[index]!.item, score });
  }
  return result.sort((a, b) => b.score - a.score).slice(0, options.keep);
}
