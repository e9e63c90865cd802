/**
 * Gaussian soft-NMS over temporal segments.
 *
 * Bodla et al., ICCV 2017; in one dimension as in G-TAD's post-processing (`gtad_postprocess.py`).
 * Pure: knows nothing of tensors, videos or labels. Ties are broken by input order, so results are reproducible.
 */
import type { ScoredSegment } from '#core/annotation/segment';

/** How strongly overlap lowers a score, and how many segments stay. */
export interface SoftNmsOptions {
  /** Gaussian width, > 0. LoFi uses 0.84 on ActivityNet, G-TAD 0.8, ActionFormer 0.5. */
  readonly sigma: number;
  /** At most this many segments are returned. */
  readonly keep: number;
  /** Segments whose lowered score falls below this are dropped; default 0: everything above zero stays. */
  readonly minScore?: number;
  /**
   * G-TAD's script stops when one candidate is left, so with two or more the last is never given, and when the best score is not
   * positive. True repeats that; default false.
   */
  readonly originalStop?: boolean;
  /** Group of each segment; those of one group do not lower each other. Absent: all do. */
  readonly groups?: ArrayLike<number>;
}

/** A segment that stayed: where it was in the input and its lowered score. */
export interface KeptSegment {
  readonly index: number;
  readonly score: number;
}

/**
 * Soft-NMS on plain arrays: the same rule for seconds, frames and grid steps.
 *
 * @throws RangeError when sigma is not positive or the arrays differ in length
 */
export function softNmsIndices(
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  scores: ArrayLike<number>,
  { sigma, keep, minScore = 0, originalStop = false, groups }: SoftNmsOptions,
): KeptSegment[] {
  if (!(sigma > 0)) throw new RangeError(`sigma must be positive, not ${sigma}`);
  const count = scores.length;
  if (starts.length !== count || ends.length !== count)
    throw new RangeError('starts, ends and scores differ in length');
  const current = Float64Array.from(scores);
  const alive = Int32Array.from({ length: count }, (_, i) => i);
  let left = count;
  const kept: KeptSegment[] = [];
  while (left > (originalStop && count > 1 ? 1 : 0) && kept.length < keep) {
    let best = 0;
    for (let i = 1; i < left; i += 1) if (current[alive[i]!]! > current[alive[best]!]!) best = i;
    const index = alive[best]!;
    const score = current[index]!;
    if (!(score > 0) || score < minScore) break;
    kept.push({ index, score });
    // Later candidates move up, so that input order still breaks ties.
    alive.copyWithin(best, best + 1, left);
    left -= 1;
    const start = starts[index]!;
    const end = ends[index]!;
    for (let i = 0; i < left; i += 1) {
      const other = alive[i]!;
      if (groups !== undefined && groups[other] === groups[index]) continue;
      const overlap = Math.min(end, ends[other]!) - Math.max(start, starts[other]!);
      if (overlap <= 0) continue;
      const iou = overlap / (end - start + (ends[other]! - starts[other]!) - overlap);
      current[other] = current[other]! * Math.exp(-(iou * iou) / sigma);
    }
  }
  return kept;
}

/**
 * Repeatedly takes the best segment and lowers every other by exp(−tIoU² / sigma).
 *
 * @param segments any order; `startSec < endSec`
 * @returns at most `keep` segments, best first; the input is not changed
 * @throws RangeError when sigma is not positive
 */
export function softNms(segments: readonly ScoredSegment[], options: SoftNmsOptions): ScoredSegment[] {
  const kept = softNmsIndices(
    segments.map((segment) => segment.startSec),
    segments.map((segment) => segment.endSec),
    segments.map((segment) => segment.score),
    options,
  );
  return kept.map(({ index, score }) => ({ ...segments[index]!, score }));
}
