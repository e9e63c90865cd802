/**
 * TriDet's trident head on the host: boundaries as expectations over bins, their spread, and the loss with its gradients.
 *
 * Shi et al., CVPR 2023, `decode_offset` and `losses` of `meta_archs.py`. A point's start lies n steps of its level to the left with
 * probability softmax(start logit of that step + the point's own logit for n), n = 0 … 16; its end likewise to the right.
 */
import type { PyramidLayout } from '#core/model/bricks/pyramid';
import { diouOfOffsets } from './diou.ts';
import { FOCAL_DEFAULTS, sigmoidFocal } from './focal.ts';
import type { BatchTargets } from './pointLoss.ts';
import { classFactor } from './pointTargets.ts';

/** Raw outputs of the head on all rows of a batch. */
export interface TridentOutputs {
  /** [N, K] */
  readonly logits: Float32Array;
  /** Start and end logits of each class. // [N, K] */
  readonly starts: Float32Array;
  readonly ends: Float32Array;
  /** Left, then right, already scaled and through the ReLU. // [N, 2 · (bins + 1)] */
  readonly offsets: Float32Array;
}

/** One boundary of one point for one class. */
export interface TridentBoundary {
  /** Expected distance and its standard deviation in strides. */
  readonly distance: number;
  readonly deviation: number;
  /** Probability of each bin, in the order of the boundary logits (earliest step first). */
  readonly shares: Float64Array;
}

/** Which rows a boundary looks at; rows outside its level or sequence count as logit 0. */
export interface TridentPlace {
  readonly row: number;
  readonly classIndex: number;
  readonly classes: number;
  readonly bins: number;
  /** First and last valid row of the point's level and sequence. */
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Distance of the bin at `i`: bins … 0 to the left, 0 … bins to the right. */
const binDistance = (side: 'left' | 'right', i: number, bins: number): number =>
  side === 'left' ? bins - i : i;

/** Row of the boundary logit at bin `i`. */
const binRow = (side: 'left' | 'right', i: number, { row, bins }: TridentPlace): number =>
  side === 'left' ? row - bins + i : row + i;

/** Expectation over the bins of one side. */
export function tridentBoundary(
  outputs: TridentOutputs,
  side: 'left' | 'right',
  place: TridentPlace,
): TridentBoundary {
  const { row, classIndex, classes, bins, firstRow, lastRow } = place;
  const boundary = side === 'left' ? outputs.starts : outputs.ends;
  const own = row * 2 * (bins + 1) + (side === 'left' ? 0 : bins + 1);
  const shares = new Float64Array(bins + 1);
  let top = -Infinity;
  for (let i = 0; i <= bins; i += 1) {
    const at = binRow(side, i, place);
    shares[i] =
      outputs.offsets[own + i]! +
      (at >= firstRow && at <= lastRow ? boundary[at * classes + classIndex]! : 0);
    top = Math.max(top, shares[i]!);
  }
  let sum = 0;
  for (let i = 0; i <= bins; i += 1) {
    shares[i] = Math.exp(shares[i]! - top);
    sum += shares[i]!;
  }
  let distance = 0;
  let square = 0;
  for (let i = 0; i <= bins; i += 1) {
    shares[i] = shares[i]! / sum;
    const steps = binDistance(side, i, bins);
    distance += shares[i]! * steps;
    square += shares[i]! * steps * steps;
  }
  return { distance, deviation: Math.sqrt(Math.max(0, square - distance * distance)), shares };
}

/** First and last valid row of the level and sequence that a row belongs to. */
export function rowsOfLevel(
  layout: PyramidLayout,
  row: number,
  length: number,
): readonly [first: number, last: number] {
  const item = Math.floor(row / layout.rows);
  const { firstRow, stride } = layout.levels[layout.levelOfRow[row % layout.rows]!]!;
  const first = item * layout.rows + firstRow;
  return [first, first + Math.ceil(length / stride) - 1];
}

/** Loss parts and gradients in the layout of the outputs. */
export interface TridentLoss {
  readonly classification: number;
  readonly regression: number;
  readonly gradients: TridentOutputs;
}

/** IoU below which the coupling's slope is not followed: it grows beyond all bounds at zero. */
const LEAST_IOU = 1e-4;

/**
 * Focal loss, whose positives count by IoU^0.2, and DIoU of the decoded boundaries, both over `normaliser`.
 *
 * @param lengths valid steps of each sequence
 */
export function tridentLoss(
  layout: PyramidLayout,
  lengths: readonly number[],
  targets: BatchTargets,
  outputs: TridentOutputs,
  options: {
    readonly normaliser: number;
    readonly bins: number;
    readonly iouPower: number;
    readonly classWeights?: readonly number[] | undefined;
  },
): TridentLoss {
  const { normaliser, bins, iouPower, classWeights } = options;
  const classes = outputs.logits.length / targets.length;
  const gradients: TridentOutputs = {
    logits: new Float32Array(outputs.logits.length),
    starts: new Float32Array(outputs.starts.length),
    ends: new Float32Array(outputs.ends.length),
    offsets: new Float32Array(outputs.offsets.length),
  };
  const send = (
    side: 'left' | 'right',
    place: TridentPlace,
    { distance, shares }: TridentBoundary,
    slope: number,
  ): void => {
    const boundary = side === 'left' ? gradients.starts : gradients.ends;
    const own = place.row * 2 * (bins + 1) + (side === 'left' ? 0 : bins + 1);
    shares.forEach((share, i) => {
      const value = slope * share * (binDistance(side, i, bins) - distance);
      gradients.offsets[own + i] = gradients.offsets[own + i]! + value;
      const at = binRow(side, i, place);
      if (at < place.firstRow || at > place.lastRow) return;
      const to = at * classes + place.classIndex;
      boundary[to] = boundary[to]! + value;
    });
  };
  let classification = 0;
  let regression = 0;
  targets.forEach((target, row) => {
    if (target === null) return;
    for (let k = 0; k < classes; k += 1) {
      const positive = target.classes.includes(k);
      const at = row * classes + k;
      const factor = classFactor(target, k, classWeights);
      if (factor === 0) continue;
      const [plainLoss, plainDerivative] = sigmoidFocal(
        outputs.logits[at]!,
        positive ? 1 : 0,
        FOCAL_DEFAULTS,
      );
      const loss = factor * plainLoss;
      const derivative = factor * plainDerivative;
      if (!positive || target.offsets === null) {
        classification += loss;
        gradients.logits[at] = derivative / normaliser;
        continue;
      }
      const [firstRow, lastRow] = rowsOfLevel(layout, row, lengths[Math.floor(row / layout.rows)]!);
      const place: TridentPlace = { row, classIndex: k, classes, bins, firstRow, lastRow };
      const left = tridentBoundary(outputs, 'left', place);
      const right = tridentBoundary(outputs, 'right', place);
      const box = diouOfOffsets(left.distance, right.distance, target.offsets[0], target.offsets[1]);
      const iou = Math.max(box.iou, LEAST_IOU);
      const coupling = iou ** iouPower;
      classification += loss * coupling;
      regression += box.loss;
      gradients.logits[at] = (derivative * coupling) / normaliser;
      const couplingSlope = box.iou > LEAST_IOU ? loss * iouPower * iou ** (iouPower - 1) : 0;
      send('left', place, left, (box.dLeft + couplingSlope * box.dIouLeft) / normaliser);
      send('right', place, right, (box.dRight + couplingSlope * box.dIouRight) / normaliser);
    }
  });
  return { classification: classification / normaliser, regression: regression / normaliser, gradients };
}
