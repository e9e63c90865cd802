/**
 * LoFi's fidelity configurations (Xu et al., NeurIPS 2021, section 3.2): which resolution in time and space each epoch or batch of stage 2 has.
 *
 * S divides the side, T the number of snippets, ST both by less; all three hold the same number of pixels. Cyclic schedules change the
 * configuration every batch (short) or every epoch (long, the paper's default). The long cycle is turned so that it ends on T, the full
 * side: an encoder that ends at a smaller side is worse at full fidelity than it need be. `s-then-windows` ends on windows of the
 * video at full side with the same number of pixels, for actions that T would skip over.
 */
import type { Fidelity, LofiConfig, SamplingConfig } from '#core/train/config';
import { createRandom } from '#core/util/random';
import { planSnippets, slicePlan } from './snippets.ts';
import type { SnippetPlan, VideoTiming } from './snippets.ts';

/** The paper's factors: a quarter of the pixels each. */
export const PAPER_FIDELITIES: Readonly<Record<Fidelity['name'], Fidelity>> = {
  full: { name: 'full', temporalFactor: 1, spatialFactor: 1 },
  s: { name: 's', temporalFactor: 1, spatialFactor: 2 },
  t: { name: 't', temporalFactor: 4, spatialFactor: 1 },
  st: { name: 'st', temporalFactor: 2, spatialFactor: Math.SQRT2 },
  't-window': { name: 't-window', temporalFactor: 4, spatialFactor: 1 },
};

const CYCLE = ['s', 't', 'st'] as const;
const CYCLE_END = CYCLE.indexOf('t');

/** One epoch of stage 2. */
export interface EpochPlan {
  /** `main`, or `windows` for the second phase of `s-then-windows`. */
  readonly phase: 'main' | 'windows';
  /** Number of the epoch inside its phase. */
  readonly epoch: number;
  readonly phaseEpochs: number;
  /** The fidelity of batch `step` of this epoch. */
  fidelityOf(step: number): Fidelity;
}

/** A fidelity of a configuration: its own factors, or the paper's. */
export function fidelityNamed(config: Pick<LofiConfig, 'fidelities'>, name: Fidelity['name']): Fidelity {
  return config.fidelities?.find((fidelity) => fidelity.name === name) ?? PAPER_FIDELITIES[name];
}

/** Every epoch of stage 2, in order. */
export function planEpochs(
  config: Pick<LofiConfig, 'schedule' | 'epochs' | 'windowEpochs' | 'fidelities'>,
): EpochPlan[] {
  const named = (name: Fidelity['name']): Fidelity => fidelityNamed(config, name);
  const constant = (name: Fidelity['name'], phase: EpochPlan['phase'], count: number): EpochPlan[] =>
    Array.from({ length: count }, (_, epoch) => ({
      phase,
      epoch,
      phaseEpochs: count,
      fidelityOf: () => named(name),
    }));
  const cyclic = (position: (epoch: number, step: number) => number): EpochPlan[] =>
    Array.from({ length: config.epochs }, (_, epoch) => ({
      phase: 'main',
      epoch,
      phaseEpochs: config.epochs,
      fidelityOf: (step) => named(CYCLE[position(epoch, step)]!),
    }));
  switch (config.schedule) {
    case 'full':
    case 's':
    case 't':
    case 'st':
      return constant(config.schedule, 'main', config.epochs);
    case 's-then-windows':
      return [
        ...constant('s', 'main', config.epochs),
        ...constant('t-window', 'windows', config.windowEpochs),
      ];
    case 'long-cyclic':
      return cyclic((epoch) => (CYCLE_END + 3 * config.epochs - (config.epochs - 1 - epoch)) % 3);
    case 'short-cyclic':
      return cyclic((_, step) => Math.floor(step / SHORT_CYCLE_STEPS) % 3);
  }
}

/** Batches between changes of the short cycle (the paper's cs). */
const SHORT_CYCLE_STEPS = 16;

/** Side in pixels at a fidelity: even, so that strides divide it. */
export function sideAt(fidelity: Fidelity, fullSide: number): number {
  return fidelity.spatialFactor === 1
    ? fullSide
    : Math.max(2, 2 * Math.round(fullSide / fidelity.spatialFactor / 2));
}

/** What one video shows in one batch. */
export interface VideoView {
  readonly plan: SnippetPlan;
  readonly side: number;
}

/** Longest sequence, in snippets at full temporal fidelity, that a training batch takes from a video. */
export function trainingLength(sampling: SamplingConfig): number {
  return sampling.snippets;
}

/**
 * The view of a video at a fidelity. Where the fidelity (or a long `sliding` video) needs a part of the video, `seed` chooses which.
 */
export function viewAt(
  timing: VideoTiming,
  sampling: SamplingConfig,
  fidelity: Fidelity,
  seed: number,
  jitterFrames: number,
): VideoView {
  const random = createRandom(seed);
  const offsetFrames = jitterFrames > 0 ? random.integer(2 * jitterFrames + 1) - jitterFrames : 0;
  const side = sideAt(fidelity, sampling.side);
  const isWindow = fidelity.name === 't-window';
  const temporalFactor = isWindow ? 1 : fidelity.temporalFactor;
  const whole = planSnippets(timing, sampling, { temporalFactor, offsetFrames });
  const longest = Math.max(1, Math.round(trainingLength(sampling) / fidelity.temporalFactor));
  if (whole.snippets <= longest) return { plan: whole, side };
  const first = random.integer(whole.snippets - longest + 1);
  return { plan: slicePlan(whole, first, longest), side };
}
