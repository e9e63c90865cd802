/**
 * Loss of a point-wise head (focal classification + DIoU of offsets) and its gradient with respect to the head's raw outputs.
 *
 * ActionFormer's `losses` (meta_archs.py): both sums are divided by a running mean of the number of positive points. The arithmetic is
 * on the host: some ten thousand numbers, against millions in the network.
 */
import type { DetectorBatch } from '#core/model/detector';
import type { PyramidLayout } from '#core/model/bricks/pyramid';
import { diouOfOffsets } from './diou.ts';
import { FOCAL_DEFAULTS, sigmoidFocal } from './focal.ts';
import { classFactor, pointTarget, type PointTarget } from './pointTargets.ts';

/** Targets of all rows of a batch; null in gaps and padding. */
export type BatchTargets = readonly (PointTarget | null)[];

/** Targets of every row. // [B · rows] */
export function batchTargets(layout: PyramidLayout, batch: DetectorBatch, radius: number): BatchTargets {
  const steps = batch.shape[1];
  const targets: (PointTarget | null)[] = [];
  batch.lengths.forEach((length, item) => {
    const segments = batch.segments[item] ?? [];
    const rejected = batch.rejected?.[item] ?? [];
    for (const point of layout.points) {
      if (point === null || point.position >= length) {
        targets.push(null);
        continue;
      }
      const covered =
        batch.covered === undefined || batch.covered[item * steps + Math.floor(point.position)] === 1;
      targets.push(pointTarget(point, segments, radius, covered, rejected));
    }
  });
  return targets;
}

/** Number of points that answer for a segment. */
export function countPositives(targets: BatchTargets): number {
  let count = 0;
  for (const target of targets) if (target !== null && target.offsets !== null) count += 1;
  return count;
}

/** The running mean of positive points after this batch. */
export function nextNormaliser(before: number, momentum: number, positives: number): number {
  return momentum * before + (1 - momentum) * Math.max(positives, 1);
}

/** Loss parts and gradients of the raw outputs. */
export interface PointLoss {
  readonly classification: number;
  readonly regression: number;
  /** [N, K] */
  readonly dLogits: Float32Array;
  /** With respect to the offsets in strides. // [N, 2] */
  readonly dOffsets: Float32Array;
}

/**
 * Focal + DIoU over all points.
 *
 * @param logits [N, K]
 * @param offsets [N, 2], not negative, in strides
 * @param normaliser divides both sums, > 0
 * @param classWeights factor of each class's positives
 */
export function pointLoss(
  targets: BatchTargets,
  logits: Float32Array,
  offsets: Float32Array,
  normaliser: number,
  classWeights?: readonly number[],
): PointLoss {
  const classes = logits.length / targets.length;
  const dLogits = new Float32Array(logits.length);
  const dOffsets = new Float32Array(offsets.length);
  let classification = 0;
  let regression = 0;
  targets.forEach((target, row) => {
    if (target === null) return;
    for (let k = 0; k < classes; k += 1) {
      const at = row * classes + k;
      const factor = classFactor(target, k, classWeights);
      if (factor === 0) continue;
      const [loss, derivative] = sigmoidFocal(
        logits[at]!,
        target.classes.includes(k) ? 1 : 0,
        FOCAL_DEFAULTS,
      );
      classification += factor * loss;
      dLogits[at] = (factor * derivative) / normaliser;
    }
    if (target.offsets === null) return;
    const result = diouOfOffsets(
      offsets[2 * row]!,
      offsets[2 * row + 1]!,
      target.offsets[0],
      target.offsets[1],
    );
    regression += result.loss;
    dOffsets[2 * row] = result.dLeft / normaliser;
    dOffsets[2 * row + 1] = result.dRight / normaliser;
  });
  return {
    classification: classification / normaliser,
    regression: regression / normaliser,
    dLogits,
    dOffsets,
  };
}
