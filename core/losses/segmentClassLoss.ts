/**
 * Classification of segments from per-step class logits: mean over the segment, softmax (one class) or sigmoid (several).
 *
 * The studio's own addition to G-TAD, whose labels come from a video-level classifier that a person's own classes do not have.
 */
import { SAME_SEGMENT_TIOU, temporalIou } from '#core/annotation/segment';
import type { GridSegment } from '#core/model/detector';

/** How classes exclude each other, and what the loss counts. */
export interface SegmentClassOptions {
  readonly kind: 'softmax' | 'sigmoid';
  /** Factor of the gradients. */
  readonly weight: number;
  /** Factor of each class's segments; absent: all count alike. */
  readonly classWeights?: readonly number[] | undefined;
}

/** Mean loss over all segments and weighted gradients of the step logits. */
export interface SegmentClassLoss {
  readonly loss: number;
  /** Per sequence. // [T, K] */
  readonly gradients: readonly Float32Array[];
}

/** Share of each step that lies in [start, end), summing to one; the nearest step for empty segments. */
function stepShares(start: number, end: number, steps: number): [step: number, share: number][] {
  const shares: [number, number][] = [];
  let sum = 0;
  for (let t = Math.max(0, Math.floor(start)); t < Math.min(steps, Math.ceil(end)); t += 1) {
    const share = Math.min(end, t + 1) - Math.max(start, t);
    if (share <= 0) continue;
    shares.push([t, share]);
    sum += share;
  }
  if (sum === 0) return [[Math.max(0, Math.min(steps - 1, Math.floor(start))), 1]];
  return shares.map(([t, share]) => [t, share / sum]);
}

function pooled(
  stepLogits: Float32Array,
  classes: number,
  shares: readonly [number, number][],
): Float64Array {
  const logits = new Float64Array(classes);
  for (const [t, share] of shares)
    for (let k = 0; k < classes; k += 1) logits[k] = logits[k]! + share * stepLogits[t * classes + k]!;
  return logits;
}

function activate(logits: Float64Array, kind: SegmentClassOptions['kind']): Float64Array {
  if (kind === 'sigmoid') return logits.map((x) => 1 / (1 + Math.exp(-x)));
  const top = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const overlap = (a: GridSegment, b: GridSegment): number =>
  temporalIou({ startSec: a.start, endSec: a.end }, { startSec: b.start, endSec: b.end });

/**
 * Cross-entropy over the ground truth of a batch. Where several classes are allowed, a segment has those of all segments that mark the same
 * stretch, also where a person drew their edges a little apart.
 */
export function segmentClassLoss(
  stepLogits: readonly Float32Array[],
  segments: readonly (readonly GridSegment[])[],
  classes: number,
  { kind, weight, classWeights }: SegmentClassOptions,
): SegmentClassLoss {
  const gradients = stepLogits.map((logits) => new Float32Array(logits.length));
  const count = segments.reduce(
    (sum, list) => sum + list.filter((segment) => segment.classIndex >= 0).length,
    0,
  );
  let loss = 0;
  segments.forEach((list, item) => {
    const logits = stepLogits[item]!;
    const target = gradients[item]!;
    for (const segment of list) {
      if (segment.classIndex < 0) continue;
      const shares = stepShares(segment.start, segment.end, logits.length / classes);
      const factor = classWeights?.[segment.classIndex] ?? 1;
      const p = activate(pooled(logits, classes, shares), kind);
      const same = (k: number): boolean =>
        list.some((other) => other.classIndex === k && overlap(other, segment) >= SAME_SEGMENT_TIOU);
      for (let k = 0; k < classes; k += 1) {
        const wanted = (kind === 'softmax' ? k === segment.classIndex : same(k)) ? 1 : 0;
        if (wanted === 1) loss -= (factor * Math.log(Math.max(p[k]!, 1e-12))) / count;
        else if (kind === 'sigmoid') loss -= (factor * Math.log(Math.max(1 - p[k]!, 1e-12))) / count;
        const slope = (factor * weight * (p[k]! - wanted)) / count;
        for (const [t, share] of shares) target[t * classes + k] = target[t * classes + k]! + slope * share;
      }
    }
  });
  return { loss, gradients };
}

/** Class probabilities of any segment of one sequence. */
export function segmentClassScores(
  stepLogits: Float32Array,
  classes: number,
  kind: SegmentClassOptions['kind'],
): (start: number, end: number) => Float64Array {
  const steps = stepLogits.length / classes;
  return (start, end) => activate(pooled(stepLogits, classes, stepShares(start, end, steps)), kind);
}
