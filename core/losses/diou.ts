/**
 * Distance-IoU loss of boundary offsets with its gradient, on the host in float64.
 *
 * Zheng et al., AAAI 2020, in one dimension as `ctr_diou_loss_1d` of ActionFormer: prediction and target share the point, so a segment
 * is (distance to start, distance to end).
 */

const EPSILON = 1e-8;

/** Loss and derivatives of one point. */
export interface DiouResult {
  readonly loss: number;
  readonly dLeft: number;
  readonly dRight: number;
  readonly iou: number;
  readonly dIouLeft: number;
  readonly dIouRight: number;
}

/** 1 − IoU + (centre distance / enclosing length)² for offsets that are not negative. */
export function diouOfOffsets(
  left: number,
  right: number,
  targetLeft: number,
  targetRight: number,
): DiouResult {
  const overlap = Math.min(left, targetLeft) + Math.min(right, targetRight);
  const union = left + right + targetLeft + targetRight - overlap;
  const safeUnion = Math.max(union, EPSILON);
  const enclosing = Math.max(left, targetLeft) + Math.max(right, targetRight);
  const safeEnclosing = Math.max(enclosing, EPSILON);
  const distance = 0.5 * (right - left - targetRight + targetLeft);
  const ratio = distance / safeEnclosing;
  const derivative = (value: number, target: number, sign: number): readonly [loss: number, iou: number] => {
    // PyTorch splits the derivative of min and max evenly at a tie.
    const dOverlap = value < target ? 1 : value > target ? 0 : 0.5;
    const dUnion = union > EPSILON ? 1 - dOverlap : 0;
    const dIou = dOverlap / safeUnion - (overlap * dUnion) / (safeUnion * safeUnion);
    const dEnclosing = enclosing > EPSILON ? 1 - dOverlap : 0;
    const dRatio = (sign * 0.5) / safeEnclosing - (distance * dEnclosing) / (safeEnclosing * safeEnclosing);
    return [-dIou + 2 * ratio * dRatio, dIou];
  };
  const [dLeft, dIouLeft] = derivative(left, targetLeft, -1);
  const [dRight, dIouRight] = derivative(right, targetRight, 1);
  const iou = overlap / safeUnion;
  return { loss: 1 - iou + ratio * ratio, dLeft, dRight, iou, dIouLeft, dIouRight };
}
