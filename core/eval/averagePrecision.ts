/**
 * Area under a precision–recall curve, interpolated at all points (VOC 2011).
 *
 * ActivityNet `Evaluation/utils.py`, `interpolated_prec_rec`. Float64 throughout.
 */

/**
 * Precision made monotone from the right, summed over the steps of recall.
 *
 * @param precision by rank, best score first
 * @param recall by rank, not decreasing
 */
export function interpolatedAveragePrecision(precision: Float64Array, recall: Float64Array): number {
  let area = 0;
  let best = 0;
  for (let rank = precision.length - 1; rank >= 0; rank -= 1) {
    best = Math.max(best, precision[rank]!);
    area += (recall[rank]! - (rank > 0 ? recall[rank - 1]! : 0)) * best;
  }
  return area;
}

/** What the curve is computed with beside the matches. */
export interface CurveOptions {
  /** Ground-truth segments of the class. */
  readonly groundTruthCount: number;
  /** DETAD: mean ground-truth segments of a class; precision is then r·N̄ / (r·N̄ + FP). */
  readonly normaliser?: number;
}

/**
 * Precision and recall after each rank.
 *
 * @param matched index of the ground truth found, or −1, by rank
 */
export function precisionRecall(
  matched: Int32Array,
  options: CurveOptions,
): { precision: Float64Array; recall: Float64Array } {
  const { groundTruthCount, normaliser } = options;
  const precision = new Float64Array(matched.length);
  const recall = new Float64Array(matched.length);
  let truePositives = 0;
  let falsePositives = 0;
  for (let rank = 0; rank < matched.length; rank += 1) {
    if (matched[rank]! >= 0) truePositives += 1;
    else falsePositives += 1;
    recall[rank] = groundTruthCount > 0 ? truePositives / groundTruthCount : 0;
    const hits = normaliser === undefined ? truePositives : recall[rank]! * normaliser;
    precision[rank] = hits + falsePositives > 0 ? hits / (hits + falsePositives) : 0;
  }
  return { precision, recall };
}

/** AP of one class at one threshold. */
export function averagePrecision(matched: Int32Array, options: CurveOptions): number {
  const { precision, recall } = precisionRecall(matched, options);
  return interpolatedAveragePrecision(precision, recall);
}

/** Arithmetic mean; 0 of nothing. */
export function mean(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}
