/**
 * Sigmoid focal loss with its gradient, on the host in float64.
 *
 * Lin et al., ICCV 2017, as in fvcore's `sigmoid_focal_loss` that ActionFormer uses.
 */

/** Strength of the class balance and of the down-weighting of easy examples. */
export interface FocalOptions {
  /** Weight of positives; negatives have 1 − alpha. */
  readonly alpha: number;
  readonly gamma: number;
}

/** RetinaNet's values, kept by ActionFormer. */
export const FOCAL_DEFAULTS: FocalOptions = { alpha: 0.25, gamma: 2 };

/** Loss of one logit and its derivative. `target` may lie between 0 and 1. */
export function sigmoidFocal(
  logit: number,
  target: number,
  { alpha, gamma }: FocalOptions,
): readonly [loss: number, derivative: number] {
  const small = Math.exp(-Math.abs(logit));
  const p = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
  const entropy = Math.max(logit, 0) - logit * target + Math.log1p(small);
  const right = p * target + (1 - p) * (1 - target);
  const weight = alpha * target + (1 - alpha) * (1 - target);
  const wrong = 1 - right;
  const modulation = wrong ** gamma;
  // d right / d logit = (2·target − 1)·p·(1 − p)
  const slope = gamma === 0 ? 0 : -gamma * wrong ** (gamma - 1) * (2 * target - 1) * p * (1 - p);
  return [weight * entropy * modulation, weight * ((p - target) * modulation + entropy * slope)];
}
