/**
 * Which points of a pyramid answer for which ground truth: centre sampling with regression ranges.
 *
 * ActionFormer (Zhang et al., ECCV 2022), `label_points_single_video` of `meta_archs.py`; OpenTAD's `anchor_free_head.py`. Added here:
 * steps that nobody looked at and regions of class −1 are neither positive nor negative.
 */
import type { GridSegment } from '#core/model/detector';

/** One point of the pyramid: where it lies, its level's stride and the offsets it answers for, all in feature steps. */
export interface PyramidPoint {
  readonly position: number;
  readonly stride: number;
  readonly rangeLow: number;
  readonly rangeHigh: number;
}

/** What one point should say. */
export interface PointTarget {
  /** Classes of the ground truth it answers for; several when segments tie; empty for background. */
  readonly classes: readonly number[];
  /** Offsets in strides; null for background. */
  readonly offsets: readonly [left: number, right: number] | null;
  /** True when the point counts in no loss. */
  readonly ignored: boolean;
}

/** Segments whose lengths differ by less than this share a point. */
const TIE_STEPS = 1e-3;

/**
 * The target of one point.
 *
 * @param radius how far from a segment's centre a point may lie, in strides
 * @param covered false where nobody looked at the point's step
 */
export function pointTarget(
  point: PyramidPoint,
  segments: readonly GridSegment[],
  radius: number,
  covered: boolean,
): PointTarget {
  if (!covered) return { classes: [], offsets: null, ignored: true };
  const { position, stride } = point;
  let shortest = Infinity;
  let offsets: readonly [number, number] | null = null;
  let inIgnored = false;
  const inside: GridSegment[] = [];
  for (const segment of segments) {
    const left = position - segment.start;
    const right = segment.end - position;
    if (segment.classIndex < 0) {
      if (left > 0 && right > 0) inIgnored = true;
      continue;
    }
    const centre = 0.5 * (segment.start + segment.end);
    const fromLow = position - Math.max(centre - stride * radius, segment.start);
    const toHigh = Math.min(centre + stride * radius, segment.end) - position;
    if (!(Math.min(fromLow, toHigh) > 0)) continue;
    const far = Math.max(left, right);
    if (far < point.rangeLow || far > point.rangeHigh) continue;
    inside.push(segment);
    const length = segment.end - segment.start;
    if (length < shortest) {
      shortest = length;
      offsets = [left / stride, right / stride];
    }
  }
  if (offsets === null) return { classes: [], offsets: null, ignored: inIgnored };
  const classes = new Set<number>();
  for (const segment of inside) {
    if (Math.abs(segment.end - segment.start - shortest) <= TIE_STEPS) classes.add(segment.classIndex);
  }
  return { classes: [...classes], offsets, ignored: false };
}
