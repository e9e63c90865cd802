/**
 * What single settings of a training may be. A value that cannot work is refused before anything starts, by the name of its setting;
 * whether a training that may start is sensible is the person's affair.
 */
import type { DetectorName } from '#core/model/detector';
import type { LofiSchedule, OptimiserConfig, SamplingConfig } from './config.ts';

interface Range {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
}

const whole = (from: number, to: number): Range => ({ from, to, whole: true });
const between = (from: number, to: number): Range => ({ from, to, whole: false });

/** Rates may be small, never nothing: a head that learns nothing ends in numbers that mean nothing. */
const RATE = between(1e-9, 10);
const EPOCHS = whole(0, 100_000);

/** By the setting's last name, or by the whole where two of a name differ. */
const RANGES: Readonly<Record<string, Range>> = {
  seed: whole(0, 2 ** 31 - 1),
  snippets: whole(4, 10_000),
  framesPerSnippet: whole(1, 64),
  side: whole(32, 1024),
  strideFrames: whole(1, 100_000),
  intervalFrames: whole(1, 100_000),
  intervalSec: between(0.001, 3600),
  spanSec: between(0.001, 3600),
  epochs: EPOCHS,
  'head.epochs': whole(1, 100_000),
  windowEpochs: EPOCHS,
  headWarmupEpochs: EPOCHS,
  agnosticEpochs: EPOCHS,
  warmupEpochs: EPOCHS,
  stepEpochs: whole(1, 100_000),
  batch: whole(1, 4096),
  windowBatch: whole(1, 4096),
  microBatch: whole(1, 4096),
  learningRate: RATE,
  windowEncoderLearningRate: RATE,
  momentum: between(0, 1),
  weightDecay: between(0, 10),
  stepFactor: between(0, 1),
  clipNorm: between(1e-6, 1e6),
  snippetShare: between(0.01, 1),
  chunkSnippets: whole(1, 10_000),
  heldOutLooks: whole(0, 1000),
  heldOutSegments: whole(1, 100_000),
  patience: whole(1, 100_000),
  validateEvery: whole(1, 100_000),
  emaDecay: between(0, 1),
  shift: between(0, 1),
  gain: between(0, 1),
  offset: between(0, 1),
  timeFrames: whole(0, 10_000),
  steps: whole(1, 1_000_000),
  clipsPerStep: whole(1, 4096),
};

const DETECTORS: readonly DetectorName[] = ['anchor-free', 'tridet', 'g-tad'];
const SCHEDULES: readonly LofiSchedule[] = [
  's',
  't',
  'st',
  'short-cyclic',
  'long-cyclic',
  's-then-windows',
  'full',
];
const MODES: readonly SamplingConfig['mode'][] = ['resize', 'sliding'];
const OPTIMISERS: readonly OptimiserConfig['kind'][] = ['sgd', 'adam', 'adamw'];
const RATE_SCHEDULES: readonly OptimiserConfig['schedule'][] = ['constant', 'step', 'cosine', 'one-cycle'];

const WORDS: Readonly<Record<string, readonly string[]>> = {
  detector: DETECTORS,
  'lofi.schedule': SCHEDULES,
  schedule: RATE_SCHEDULES,
  kind: OPTIMISERS,
  mode: MODES,
  batchNorm: ['frozen', 'trained'],
};

/** What is wrong with a setting's value, as a sentence; null when nothing is. @param dotted e.g. `sampling.side` */
export function settingProblem(dotted: string, value: unknown): string | null {
  const last = dotted.slice(dotted.lastIndexOf('.') + 1);
  if (dotted === 'multiLabel' && value !== null && typeof value !== 'boolean')
    return `The training setting "${dotted}" is true, false or null.`;
  if (typeof value === 'boolean' && (RANGES[dotted] ?? RANGES[last]) !== undefined)
    return `The training setting "${dotted}" is a number.`;
  if (typeof value === 'number') {
    const range = RANGES[dotted] ?? RANGES[last];
    if (range === undefined) return null;
    const { from, to } = range;
    if (range.whole && !Number.isInteger(value))
      return `The training setting "${dotted}" is a whole number, not ${value}.`;
    return value >= from && value <= to
      ? null
      : `The training setting "${dotted}" goes from ${from} to ${to}; ${value} is outside.`;
  }
  if (typeof value === 'string') {
    const words = WORDS[dotted] ?? WORDS[last];
    return words === undefined || words.includes(value)
      ? null
      : `The training setting "${dotted}" is one of ${words.join(', ')}, not "${value}".`;
  }
  return null;
}
