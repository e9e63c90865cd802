/**
 * How much a training has to do, step by step, and how long that takes on a machine that was measured.
 *
 * One list serves the progress bar, the estimate before a training, and the lesson that a finished training teaches.
 */
import { planEpochs, sideAt } from '#core/data/fidelity';
import { batchesPerEpoch } from '#core/data/sampler';
import { snippetCount } from '#core/data/snippets';
import { slidingWindows } from '#core/data/windows';
import type { TrainConfig } from './config.ts';
import type { TimedVideo } from './environment.ts';
import { snippetsPerCall } from './extract.ts';
import type { StageFigures, WorkKind, WorkRates } from './job.ts';
import type { WeightedStep } from './progress.ts';
import { encoderRatesOf } from './run.ts';
import { epochsToLookAfter } from './stage2Stopping.ts';
import { ratesOf } from './stage3.ts';

/** One step of a training. */
export interface WorkStep {
  readonly name: string;
  readonly kind: WorkKind;
  readonly amount: number;
}

/** Proportions of the kinds on machines that were not measured, as the demo has them; only their ratios mean something. */
const USUAL_RATES: WorkRates = { decode: 10, features: 1, tune: 1 / 5.5, head: 1 / 1700 };
/** Frames that are decoded to reach a single one after a seek. */
const FRAMES_PER_SEEK = 100;
const WARMUP_BATCH = 4;
/** About what is held out where no video is in the validation subset. */
const HELD_OUT_SHARE = 0.25;
/** A pixel that is looked at beside one that is learned from. */
const LOOK_COST = USUAL_RATES.tune / USUAL_RATES.features;

/** Snippets that go through the encoder at a time in stage 2. */
export function chunkOf(config: TrainConfig): number {
  const { sampling, lofi } = config;
  const most = lofi.chunkSnippets ?? snippetsPerCall(sampling.framesPerSnippet, sampling.side);
  return Math.max(1, Math.min(most, sampling.snippets * Math.max(lofi.batch, lofi.windowBatch)));
}

/** Everything that a training does, in order. */
export function trainingWork(config: TrainConfig, videos: readonly TimedVideo[]): WorkStep[] {
  const { sampling, lofi, head } = config;
  const training = videos.filter((video) => video.subset === 'training');
  const used = videos.filter((video) => video.subset !== 'testing');
  const frames = (video: TimedVideo): number =>
    snippetCount(video.timing, sampling) * sampling.framesPerSnippet;
  const pixels = (list: readonly TimedVideo[]): number =>
    list.reduce((sum, video) => sum + (frames(video) * sampling.side ** 2) / 1000, 0);
  const decode = used.reduce((sum, video) => {
    const passed = Math.min(video.timing.frameSec.length, frames(video) * FRAMES_PER_SEEK);
    return sum + (passed * (video.framePixels ?? sampling.side ** 2)) / 1000;
  }, 0);
  const sequences = training.reduce(
    (sum, video) => sum + slidingWindows(snippetCount(video.timing, sampling), sampling.snippets).length,
    0,
  );
  const canChoose = config.holdOut === true || used.some((video) => video.subset === 'validation');
  const headSteps =
    batchesPerEpoch(sequences, head.batch) *
    (head.epochs + (head.agnosticEpochs ?? 0)) *
    ratesOf(head, canChoose).length;
  const tunings = encoderRatesOf(lofi, canChoose).length;
  const stage2 = planEpochs(lofi).reduce((sum, epoch) => {
    const fidelity = epoch.fidelityOf(0);
    const side = sideAt(fidelity, sampling.side) / sampling.side;
    return sum + (pixels(training) * side * side) / fidelity.temporalFactor;
  }, 0);
  const held = used.filter((video) => video.subset === 'validation');
  const looks = epochsToLookAfter(lofi, planEpochs(lofi)).size * (canChoose ? 1 : 0);
  const looked = looks * (held.length > 0 ? pixels(held) : HELD_OUT_SHARE * pixels(training));
  const warmup = batchesPerEpoch(sequences, Math.max(WARMUP_BATCH, lofi.batch)) * lofi.headWarmupEpochs;
  const target = config.targetClassification;
  const targetPixels =
    ((target?.steps ?? 0) * (target?.clipsPerStep ?? 0) * sampling.framesPerSnippet * sampling.side ** 2) /
    1000;
  return [
    { name: 'decode', kind: 'decode', amount: decode },
    { name: 'target', kind: 'tune', amount: targetPixels },
    { name: 'features-frozen', kind: 'features', amount: pixels(used) },
    { name: 'stage3-frozen', kind: 'head', amount: config.baseline ? headSteps : 0 },
    ...(config.tune === false
      ? []
      : ([
          { name: 'warmup', kind: 'head', amount: warmup * tunings },
          { name: 'stage2', kind: 'tune', amount: (stage2 + looked * LOOK_COST) * tunings },
          { name: 'features-lofi', kind: 'features', amount: pixels(used) * tunings },
          { name: 'stage3-lofi', kind: 'head', amount: headSteps * tunings },
        ] as const)),
  ];
}

/** Steps with their weights: seconds where the machine was measured. */
export function planProgress(
  config: TrainConfig,
  videos: readonly TimedVideo[],
  rates: WorkRates = USUAL_RATES,
): WeightedStep[] {
  return trainingWork(config, videos).map(({ name, kind, amount }) => ({
    name,
    weight: amount / rates[kind],
  }));
}

/** Seconds of a whole training. */
export function secondsOf(config: TrainConfig, videos: readonly TimedVideo[], rates: WorkRates): number {
  return planProgress(config, videos, rates).reduce((sum, step) => sum + step.weight, 0);
}

/**
 * What a training that ran from its beginning teaches: how fast it tuned and trained heads. Frames and features may have come from the
 * cache, so their rates stay as they were measured.
 */
export function learnedRates(
  known: WorkRates,
  work: readonly WorkStep[],
  stages: readonly StageFigures[],
): WorkRates {
  const seconds = (name: string): number =>
    stages.reduce((sum, stage) => sum + (stage.name === name ? stage.seconds : 0), 0);
  const amount = (name: string): number => work.find((step) => step.name === name)?.amount ?? 0;
  const rate = (done: number, took: number, before: number): number =>
    done > 0 && took > 1 ? done / took : before;
  const headSeconds = seconds('stage3-frozen') + seconds('stage3-lofi');
  const head = rate(amount('stage3-frozen') + amount('stage3-lofi'), headSeconds, known.head);
  // Warming the head is measured with stage 2.
  const tune = rate(amount('stage2'), seconds('stage2') - amount('warmup') / head, known.tune);
  return { ...known, head, tune };
}
