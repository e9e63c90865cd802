/**
 * What a person sees when predictions below a score are hidden: precision and recall at each score, and how far boundaries are off.
 *
 * From the same matches as mAP at one tIoU threshold. mAP says how good a detector is; these say where to put the slider.
 */
import { mean } from './averagePrecision.ts';
import { quantile } from './bootstrap.ts';
import type { ClassMatches, EvaluationSet } from './matching.ts';

/** Counts and shares of predictions with at least this score. */
export interface ScorePoint {
  readonly score: number;
  readonly predictions: number;
  readonly truePositives: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Scores 0, .05 … .95. */
export const SCORE_STEPS: readonly number[] = Array.from({ length: 20 }, (_, index) => index / 20);

/**
 * Precision and recall at each score, over all classes given.
 *
 * @param tiouIndex which of the thresholds that were matched
 * @param scores ascending
 */
export function precisionAtScores(
  set: EvaluationSet,
  classes: readonly ClassMatches[],
  tiouIndex: number,
  scores: readonly number[] = SCORE_STEPS,
): ScorePoint[] {
  const truthCount = classes.reduce((sum, matches) => sum + matches.groundTruthCount, 0);
  return scores.map((score) => {
    let predictions = 0;
    let truePositives = 0;
    for (const matches of classes) {
      matches.predictions.forEach((index, rank) => {
        if (set.predictions[index]!.segment.score < score) return;
        predictions += 1;
        if (matches.matched[tiouIndex]![rank]! >= 0) truePositives += 1;
      });
    }
    const precision = predictions > 0 ? truePositives / predictions : 0;
    const recall = truthCount > 0 ? truePositives / truthCount : 0;
    const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
    return { score, predictions, truePositives, precision, recall, f1 };
  });
}

/** How far one kind of boundary is off, prediction minus ground truth, in seconds. */
export interface OffsetHistogram {
  readonly count: number;
  readonly meanSec: number;
  readonly medianSec: number;
  /** Half of the offsets lie between these. */
  readonly quartilesSec: readonly [number, number];
  /** Median of the offsets without sign. */
  readonly medianAbsoluteSec: number;
  /** Ascending; bin i counts offsets in [edges[i], edges[i + 1]); what lies outside is in the first or last bin. */
  readonly edgesSec: readonly number[];
  readonly counts: readonly number[];
}

/** Edges of offset histograms: 0.1 s to ±1 s, then doubling to ±16 s. */
export const OFFSET_EDGES_SEC: readonly number[] = [
  -16,
  -8,
  -4,
  -2,
  ...Array.from({ length: 21 }, (_, index) => (index - 10) / 10),
  2,
  4,
  8,
  16,
];

/**
 * Offsets of starts and ends of the predictions that found a segment; undefined where none did.
 *
 * @param tiouIndex which of the thresholds that were matched
 */
export function boundaryOffsets(
  set: EvaluationSet,
  classes: readonly ClassMatches[],
  tiouIndex: number,
  edgesSec: readonly number[] = OFFSET_EDGES_SEC,
): { readonly start: OffsetHistogram; readonly end: OffsetHistogram } | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const matches of classes) {
    matches.matched[tiouIndex]!.forEach((truthIndex, rank) => {
      if (truthIndex < 0) return;
      const truth = set.groundTruth[truthIndex]!.segment;
      const predicted = set.predictions[matches.predictions[rank]!]!.segment;
      starts.push(predicted.startSec - truth.startSec);
      ends.push(predicted.endSec - truth.endSec);
    });
  }
  if (starts.length === 0) return undefined;
  return { start: histogram(starts, edgesSec), end: histogram(ends, edgesSec) };
}

function histogram(offsets: readonly number[], edgesSec: readonly number[]): OffsetHistogram {
  const sorted = [...offsets].sort((a, b) => a - b);
  const absolute = offsets.map(Math.abs).sort((a, b) => a - b);
  const counts = new Array<number>(edgesSec.length - 1).fill(0);
  for (const offset of offsets) {
    const above = edgesSec.findIndex((edge) => offset < edge);
    const bin = above < 0 ? counts.length - 1 : Math.max(0, above - 1);
    counts[bin]! += 1;
  }
  return {
    count: offsets.length,
    meanSec: mean(offsets),
    medianSec: quantile(sorted, 0.5),
    quartilesSec: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    medianAbsoluteSec: quantile(absolute, 0.5),
    edgesSec,
    counts,
  };
}
