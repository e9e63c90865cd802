/**
 * Which points of a pyramid answer for which ground truth: centre sampling with regression ranges.
 *
 * ActionFormer (Zhang et al., ECCV 2022), `label_points_single_video` of `meta_archs.py`; OpenTAD's `anchor_free_head.py`. Added here:
 * steps that nobody looked at and regions of class −1 are neither positive nor negative; a point that would answer for a rejected
 * candidate is a hard negative of its class.
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
  /** True when the point counts in no loss, but for its hard negatives. */
  readonly ignored: boolean;
  /** Classes that a person rejected here; never one of `classes`. */
  readonly hard: readonly number[];
}

/** How much more a rejected candidate counts than a negative that nobody asked about. */
const HARD_NEGATIVE_WEIGHT = 4;

/** Factor of one class's classification loss at a point; 0 where it does not count. */
export function classFactor(target: PointTarget, k: number, classWeights?: readonly number[]): number {
  if (target.hard.includes(k)) return HARD_NEGATIVE_WEIGHT;
  if (target.ignored) return 0;
  return target.classes.includes(k) ? (classWeights?.[k] ?? 1) : 1;
}

/** Distances to both ends of a segment that a point answers for; null where it does not. */
function answersFor(
  point: PyramidPoint,
  segment: GridSegment,
  radius: number,
): readonly [number, number] | null {
  const { position, stride } = point;
  const left = position - segment.start;
  const right = segment.end - position;
  const centre = 0.5 * (segment.start + segment.end);
  const fromLow = position - Math.max(centre - stride * radius, segment.start);
  const toHigh = Math.min(centre + stride * radius, segment.end) - position;
  if (!(Math.min(fromLow, toHigh) > 0)) return null;
  const far = Math.max(left, right);
  return far < point.rangeLow || far > point.rangeHigh ? null : [left, right];
}

/** Segments whose lengths differ by less than this share a point. */
const TIE_STEPS = 1e-3;

/**
 * The target of one point.
 *
 * @param radius how far from a segment's centre a point may lie, in strides
 * @param covered false where nobody looked at the point's step
 * @param rejected candidates that are not there
 */
export function pointTarget(
  point: PyramidPoint,
  segments: readonly GridSegment[],
  radius: number,
  covered: boolean,
  rejected: readonly GridSegment[] = [],
): PointTarget {
  const refused = rejected.filter((segment) => answersFor(point, segment, radius) !== null);
  const hardBeside = (classes: readonly number[]): number[] => [
    ...new Set(refused.map(({ classIndex }) => classIndex).filter((k) => !classes.includes(k))),
  ];
  if (!covered) return { classes: [], offsets: null, ignored: true, hard: hardBeside([]) };
  const { position, stride } = point;
  let shortest = Infinity;
  let offsets: readonly [number, number] | null = null;
  let inIgnored = false;
  const inside: GridSegment[] = [];
  for (const segment of segments) {
    if (segment.classIndex < 0) {
      if (position > segment.start && position < segment.end) inIgnored = true;
      continue;
    }
    const distances = answersFor(point, segment, radius);
    if (distances === null) continue;
    inside.push(segment);
    const length = segment.end - segment.start;
    if (length < shortest) {
      shortest = length;
      offsets = [distances[0] / stride, distances[1] / stride];
    }
  }
  if (offsets === null) return { classes: [], offsets: null, ignored: inIgnored, hard: hardBeside([]) };
  const classes = new Set<number>();
  for (const segment of inside) {
    if (Math.abs(segment.end - segment.start - shortest) <= TIE_STEPS) classes.add(segment.classIndex);
  }
  return { classes: [...classes], offsets, ignored: false, hard: hardBeside([...classes]) };
}
