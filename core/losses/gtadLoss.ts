/**
 * G-TAD's losses with their balancing, on the host in float64, with gradients with respect to the probabilities.
 *
 * `gtad_lib/loss_function.py` of the authors. Where the original divides by zero (no positive, nothing sampled) the term is left out.
 */
import type { GtadLabels } from './gtadLabels.ts';

/** What the network says about one sequence, as probabilities. */
export interface GtadOutputs {
  readonly steps: number;
  readonly durations: number;
  /** [T] */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Overlap as regression. // [D · T] */
  readonly regression: Float64Array;
  /** Probability of an overlap above 0.9. // [D · T] */
  readonly classification: Float64Array;
}

/** Weights of the parts and the balance of the classification part. */
export interface GtadLossOptions {
  readonly weights: { readonly node: number; readonly regression: number; readonly classification: number };
  readonly balanceOffsets: readonly [positives: number, entries: number];
}

/** Uniform numbers in [0, 1) that pick which cells of middle and low overlap count; asked once per cell, middle first. */
export type DrawCell = (band: 'middle' | 'low', item: number, cell: number) => number;

/** Loss parts (unweighted), their weighted sum, and gradients of the sum. */
export interface GtadLoss {
  readonly total: number;
  readonly node: number;
  readonly regression: number;
  readonly classification: number;
  readonly gradients: readonly GtadOutputs[];
}

const EPSILON = 1e-6;
/** Thresholds in the precision of the labels. */
const [HIGH, MIDDLE, CERTAIN] = [Math.fround(0.7), Math.fround(0.3), Math.fround(0.9)];

/** How much more a rejected cell counts than another negative. */
const HARD_NEGATIVE_WEIGHT = 4;

/** One entry of a balanced cross-entropy: where it is, its kind, and where its gradient goes. */
interface Entry {
  readonly probability: number;
  readonly positive: boolean;
  /** Factor of a negative: more for what a person rejected. */
  readonly factor: number;
  readonly add: (gradient: number) => void;
}

/** Balanced binary cross-entropy; N and N⁺ are counted over the whole batch. */
function balanced(
  entries: readonly Entry[],
  [morePositives, moreEntries]: readonly [number, number],
  weight: number,
): number {
  const positives = entries.reduce((sum, entry) => sum + (entry.positive ? 1 : 0), 0) + morePositives;
  const count = entries.length + moreEntries;
  if (entries.length === 0) return 0;
  // Without positives the ratio grows beyond all bounds and the negatives' factor tends to one half.
  const ratio = positives > 0 ? count / positives : Infinity;
  const negativeFactor = ratio === Infinity ? 0.5 : ratio > 1 ? (0.5 * ratio) / (ratio - 1) : 0;
  const positiveFactor = ratio === Infinity ? 0 : 0.5 * ratio;
  let sum = 0;
  for (const { probability, positive, factor, add } of entries) {
    if (positive) {
      sum -= positiveFactor * Math.log(probability + EPSILON);
      add((-weight * positiveFactor) / (probability + EPSILON) / count);
    } else {
      sum -= factor * negativeFactor * Math.log(1 - probability + EPSILON);
      add((factor * weight * negativeFactor) / (1 - probability + EPSILON) / count);
    }
  }
  return sum / count;
}

/** Losses of a batch of sequences. */
export function gtadLoss(
  outputs: readonly GtadOutputs[],
  labels: readonly GtadLabels[],
  options: GtadLossOptions,
  draw: DrawCell,
): GtadLoss {
  const gradients: GtadOutputs[] = outputs.map(({ steps, durations }) => ({
    steps,
    durations,
    start: new Float64Array(steps),
    end: new Float64Array(steps),
    regression: new Float64Array(durations * steps),
    classification: new Float64Array(durations * steps),
  }));
  const into = (target: Float64Array, at: number) => (gradient: number) => {
    target[at] = target[at]! + gradient;
  };
  const nodeEntries = (side: 'start' | 'end'): Entry[] =>
    outputs.flatMap((output, item) =>
      [...output[side]].flatMap((probability, t) =>
        labels[item]!.nodeMask[t] === 1
          ? [
              {
                probability,
                positive: labels[item]![side][t]! > 0.5,
                factor: 1,
                add: into(gradients[item]![side], t),
              },
            ]
          : [],
      ),
    );
  const { weights, balanceOffsets } = options;
  const node =
    balanced(nodeEntries('start'), [0, 0], weights.node) + balanced(nodeEntries('end'), [0, 0], weights.node);
  const cells = outputs.flatMap((output, item) =>
    Array.from({ length: output.durations * output.steps }, (_, cell) => cell)
      .filter((cell) => labels[item]!.cellMask[cell] === 1 && isValid(cell, output.steps))
      .map((cell) => ({
        probability: output.classification[cell]!,
        positive: labels[item]!.iou[cell]! > CERTAIN,
        factor: labels[item]!.hardCells.has(cell) ? HARD_NEGATIVE_WEIGHT : 1,
        add: into(gradients[item]!.classification, cell),
      })),
  );
  const classification = balanced(cells, balanceOffsets, weights.classification);
  const regression = regressionLoss(outputs, labels, gradients, weights.regression, draw);
  return {
    total: weights.node * node + weights.regression * regression + weights.classification * classification,
    node,
    regression,
    classification,
    gradients,
  };
}

const isValid = (cell: number, steps: number): boolean => (cell % steps) + Math.floor(cell / steps) < steps;

/**
 * Squared error of the overlap over a sample of cells: all of high overlap, as many of middle and of low.
 *
 * When there are more high cells than middle (low) ones the original's threshold turns negative and every cell passes once more,
 * even those beyond the end; weights then reach 2 or 3 and enter squared. Kept, because published numbers come from it.
 */
function regressionLoss(
  outputs: readonly GtadOutputs[],
  labels: readonly GtadLabels[],
  gradients: readonly GtadOutputs[],
  weight: number,
  draw: DrawCell,
): number {
  const bands = [0, 0, 0];
  const bandOf = (overlap: number): 0 | 1 | 2 | null =>
    overlap > HIGH ? 0 : overlap > MIDDLE ? 1 : overlap > 0 ? 2 : null;
  const forEachCell = (visit: (item: number, cell: number, overlap: number) => void): void => {
    labels.forEach((label, item) => {
      label.iou.forEach((overlap, cell) => {
        if (label.cellMask[cell] === 1) visit(item, cell, isValid(cell, label.steps) ? overlap : 0);
      });
    });
  };
  forEachCell((_item, _cell, overlap) => {
    const band = bandOf(overlap);
    if (band !== null) bands[band] = bands[band]! + 1;
  });
  const [high, middle, low] = bands as [number, number, number];
  const threshold = (count: number): number => (high === 0 ? 1 : 1 - high / count);
  const [middleThreshold, lowThreshold] = [threshold(middle), threshold(low)];
  const passes = (band: 'middle' | 'low', isBand: boolean, item: number, cell: number): number => {
    const limit = band === 'middle' ? middleThreshold : lowThreshold;
    return (isBand ? draw(band, item, cell) : 0) > limit ? 1 : 0;
  };
  const chosen: [item: number, cell: number, overlap: number, weight: number][] = [];
  let weightSum = 0;
  let squares = 0;
  forEachCell((item, cell, overlap) => {
    const band = bandOf(overlap);
    const w =
      (band === 0 ? 1 : 0) + passes('middle', band === 1, item, cell) + passes('low', band === 2, item, cell);
    if (w === 0) return;
    weightSum += w;
    squares += (w * (outputs[item]!.regression[cell]! - overlap)) ** 2;
    chosen.push([item, cell, overlap, w]);
  });
  if (weightSum === 0) return 0;
  for (const [item, cell, overlap, w] of chosen) {
    const target = gradients[item]!.regression;
    target[cell] =
      target[cell]! + (weight * w * w * (outputs[item]!.regression[cell]! - overlap)) / weightSum;
  }
  return (0.5 * squares) / weightSum;
}
