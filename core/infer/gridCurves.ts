/**
 * A head's scores step by step, for a person to look at: the best answer about each step over all scales, so that long and short actions
 * alike raise the curve of their class.
 */
import type { GridCurves } from '#core/model/detector';
import type { PyramidLayout } from '#core/model/bricks/pyramid';
import type { GtadProbabilities } from './gtadProposals.ts';

/** Curves of a pyramid head: the greatest class probability over the levels whose point covers the step. logits: [rows, K] */
export function pyramidCurves(
  layout: PyramidLayout,
  logits: Float32Array,
  classes: number,
  length: number,
): GridCurves {
  const values = new Float32Array(classes * length);
  for (const { firstRow, stride } of layout.levels) {
    for (let t = 0; t < length; t += 1) {
      const row = firstRow + Math.floor(t / stride);
      for (let k = 0; k < classes; k += 1) {
        const score = 1 / (1 + Math.exp(-logits[row * classes + k]!));
        const at = k * length + t;
        if (score > values[at]!) values[at] = score;
      }
    }
  }
  return { rows: Array.from({ length: classes }, (_, k) => k), values };
}

/**
 * G-TAD's curves: start and end probabilities, and for each class its probability at the step times the best proposal that covers the step.
 *
 * @param classScores class probabilities of one step; null for a head without a classifier
 */
export function gtadCurves(
  maps: GtadProbabilities,
  classes: number,
  classScores: ((step: number) => ArrayLike<number>) | null,
): GridCurves {
  const { steps, durations } = maps;
  const edges = Float32Array.of(...Array.from(maps.start), ...Array.from(maps.end));
  if (classScores === null) return { rows: ['start', 'end'], values: edges };
  const action = new Float64Array(steps);
  for (let d = 0; d < durations; d += 1) {
    for (let s = 0; s + d < steps; s += 1) {
      const cell = d * steps + s;
      const score = maps.classification[cell]! * maps.regression[cell]!;
      for (let t = s; t <= s + d; t += 1) if (score > action[t]!) action[t] = score;
    }
  }
  const values = new Float32Array((classes + 2) * steps);
  for (let t = 0; t < steps; t += 1) {
    const scores = classScores(t);
    for (let k = 0; k < classes; k += 1) values[k * steps + t] = action[t]! * scores[k]!;
  }
  values.set(edges, classes * steps);
  return { rows: [...Array.from({ length: classes }, (_, k) => k), 'start', 'end'], values };
}
