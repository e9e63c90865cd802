/**
 * Learning rate over a training: constant, steps (LoFi: × 0.5 every 5 epochs), cosine, and one-cycle (Smith and Topin, 2018, with PyTorch's
 * `OneCycleLR` defaults: 30 % up from 1/25, then down to 1/250,000, both by cosine).
 */
import type { OptimiserConfig } from './config.ts';

/** Where a training stands. */
export interface ScheduleMoment {
  /** Steps done before this one. */
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

const RISE = 0.3;
const START_DIVISOR = 25;
const END_DIVISOR = 1e4;

function cosineBetween(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

function oneCycle(peak: number, step: number, totalSteps: number): number {
  const top = RISE * totalSteps - 1;
  const start = peak / START_DIVISOR;
  if (step <= top) return cosineBetween(start, peak, top > 0 ? step / top : 1);
  const rest = totalSteps - 1 - top;
  return cosineBetween(peak, start / END_DIVISOR, rest > 0 ? Math.min(1, (step - top) / rest) : 1);
}

/** The learning rate of a step. */
export function learningRateAt(
  config: OptimiserConfig,
  moment: ScheduleMoment,
  peak: number = config.learningRate,
): number {
  const { step, totalSteps, stepsPerEpoch } = moment;
  if (config.schedule === 'one-cycle') return oneCycle(peak, step, totalSteps);
  const warmup = config.warmupEpochs * stepsPerEpoch;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  switch (config.schedule) {
    case 'constant':
      return peak;
    case 'step':
      return peak * config.stepFactor ** Math.floor(step / stepsPerEpoch / config.stepEpochs);
    case 'cosine': {
      const rest = Math.max(1, totalSteps - warmup);
      return cosineBetween(peak, 0, Math.min(1, (step - warmup) / rest));
    }
  }
}
