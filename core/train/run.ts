/**
 * A whole training: frozen baseline and LoFi side by side, stage by stage, and which of the two is better on held-out videos.
 *
 * Stage 1 is the encoder that comes in. The baseline (stage 1 → stage 3) and the tuned encoder (1 → 2 → 3) get the same head recipe, the same
 * seed and the same selection rule.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { TrainConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { extractFeatures } from './extract.ts';
import type { VideoFeatures } from './extract.ts';
import type { StageFigures, TrainedModel, TrainResult } from './job.ts';
import { planEpochs, sideAt } from '#core/data/fidelity';
import { batchesPerEpoch } from '#core/data/sampler';
import { snippetCount } from '#core/data/snippets';
import { StudioError } from '#core/contract/errors';
import type { WeightedStep } from './progress.ts';
import { runLofiStage } from './stage2.ts';
import { detectVideos, runHeadStage } from './stage3.ts';
import type { HeadStageResult, HeadVariant } from './stage3.ts';
import { reestimateStatistics } from './statistics.ts';
import { runTargetClassification } from './targetClassification.ts';

/** What a training starts from. */
export interface TrainInput {
  readonly config: TrainConfig;
  readonly labels: readonly string[];
  readonly videos: readonly TimedVideo[];
  readonly encoder: TensorMap;
}

/** Measures stages: seconds and peak memory. */
export interface StageMeter {
  measure<T>(name: string, work: () => Promise<T>): Promise<T>;
  figures(): StageFigures[];
}

/** One of the two models, not yet written. */
export interface VariantResult extends HeadStageResult {
  readonly variant: HeadVariant;
  readonly encoder: TensorMap;
  readonly predictions: TrainedModel['predictions'];
}

/** Both models. */
export interface TrainOutcome {
  readonly variants: readonly VariantResult[];
  readonly kept: TrainResult['kept'];
}

/** Multiply-adds differ by part: a head step, against a thousand pixels through the encoder. */
const HEAD_STEP_WEIGHT = 300;
const TRAIN_FACTOR = 3.2;

/** Steps of a training with their expected cost, in thousands of pixels through the encoder. */
export function planProgress(config: TrainConfig, videos: readonly TimedVideo[]): WeightedStep[] {
  const { sampling, lofi, head } = config;
  const training = videos.filter((video) => video.subset === 'training');
  const used = videos.filter((video) => video.subset !== 'testing');
  const pixels = (list: readonly TimedVideo[]): number =>
    list.reduce(
      (sum, video) =>
        sum + (snippetCount(video.timing, sampling) * sampling.framesPerSnippet * sampling.side ** 2) / 1000,
      0,
    );
  const features = pixels(used);
  const headSteps = batchesPerEpoch(training.length, head.batch) * head.epochs * HEAD_STEP_WEIGHT;
  const perEpoch = pixels(training) * TRAIN_FACTOR;
  const stage2 = planEpochs(lofi).reduce((sum, epoch) => {
    const fidelity = epoch.fidelityOf(0);
    const side = sideAt(fidelity, sampling.side) / sampling.side;
    return sum + (perEpoch * side * side) / fidelity.temporalFactor;
  }, 0);
  const warmup =
    batchesPerEpoch(training.length, Math.max(4, lofi.batch)) * lofi.headWarmupEpochs * HEAD_STEP_WEIGHT;
  return [
    { name: 'decode', weight: features * 0.1 },
    {
      name: 'target',
      weight:
        ((config.targetClassification?.steps ?? 0) *
          (config.targetClassification?.clipsPerStep ?? 0) *
          sampling.framesPerSnippet *
          sampling.side ** 2 *
          TRAIN_FACTOR) /
        1000,
    },
    { name: 'features-frozen', weight: features },
    { name: 'stage3-frozen', weight: config.baseline ? headSteps : 0 },
    ...(config.tune === false
      ? []
      : [
          { name: 'warmup', weight: warmup },
          { name: 'stage2', weight: stage2 },
          { name: 'features-lofi', weight: features },
          { name: 'stage3-lofi', weight: headSteps },
        ]),
  ];
}

/** @throws StudioError `bad-input` when there is nothing to learn from */
export function checkTraining(videos: readonly TimedVideo[], labels: readonly string[]): void {
  const training = videos.filter((video) => video.subset === 'training');
  if (training.length === 0) {
    throw new StudioError(
      'bad-input',
      'There is no training video. Put at least one labelled video into the training subset.',
    );
  }
  if (training.every((video) => video.segments.length === 0)) {
    throw new StudioError(
      'bad-input',
      'The training videos have no segments. Label where actions start and end, then train.',
    );
  }
  if (labels.length === 0)
    throw new StudioError('bad-input', 'There are no labels. Create at least one label, then train.');
  for (const video of videos) {
    for (const segment of video.segments) {
      const isInside =
        segment.startSec >= -1e-6 &&
        segment.endSec > segment.startSec &&
        segment.startSec < video.timing.endSec;
      if (!isInside) {
        throw new StudioError(
          'bad-input',
          `A segment of ${video.path} (${segment.startSec}–${segment.endSec} s, "${segment.label}") is outside the video, which ends at ${video.timing.endSec} s. Correct or delete it.`,
          { video: video.id, path: video.path },
        );
      }
    }
  }
}

/** Runs everything. Stages that a checkpoint says are finished are not run again. */
export async function runTraining(
  environment: TrainEnvironment,
  input: TrainInput,
  meter: StageMeter,
): Promise<TrainOutcome> {
  const { config, labels, videos } = input;
  checkTraining(videos, labels);
  const training = videos.filter((video) => video.subset === 'training');
  const validation = videos.filter((video) => video.subset === 'validation');
  const used = [...training, ...validation];
  const restat = async (encoder: TensorMap): Promise<TensorMap> =>
    config.lofi.reestimateBatchNorm
      ? reestimateStatistics(environment, encoder, training, config.sampling, config.seed)
      : encoder;
  const headOn = async (
    variant: HeadVariant,
    encoder: TensorMap,
    features: ReadonlyMap<string, VideoFeatures>,
  ): Promise<VariantResult> => {
    const result = await meter.measure(`stage3-${variant}`, () =>
      runHeadStage(environment, {
        variant,
        config: config.head,
        seed: config.seed,
        labels,
        training,
        validation,
        features,
      }),
    );
    const predictions = await detectVideos(environment, result.parameters, validation, features, labels);
    return { ...result, variant, encoder, predictions };
  };
  const variants: VariantResult[] = [];
  const target = config.targetClassification;
  const start =
    target === undefined
      ? input.encoder
      : await meter.measure('target', () =>
          runTargetClassification(environment, {
            config: target,
            sampling: config.sampling,
            augment: config.lofi.augment,
            seed: config.seed,
            labels,
            training,
            encoder: input.encoder,
          }),
        );
  const frozenEncoder = await restat(start);
  const frozen = await meter.measure('features-frozen', () =>
    extractFeatures(environment, frozenEncoder, used, config.sampling, 'features-frozen', 'frozen encoder'),
  );
  if (config.baseline) variants.push(await headOn('frozen', frozenEncoder, frozen));
  if (config.tune === false) return { variants, kept: 'frozen' };
  const tuned = await meter.measure('stage2', () =>
    runLofiStage(environment, {
      config: config.lofi,
      sampling: config.sampling,
      seed: config.seed,
      labels,
      training,
      encoder: start,
      warmupFeatures: frozen,
    }),
  );
  const tunedEncoder = await restat(tuned);
  const features = await meter.measure('features-lofi', () =>
    extractFeatures(environment, tunedEncoder, used, config.sampling, 'features-lofi', 'tuned encoder'),
  );
  variants.push(await headOn('lofi', tunedEncoder, features));
  return { variants, kept: betterOf(variants) };
}

/** The better one on validation videos; without any, LoFi. */
function betterOf(variants: readonly VariantResult[]): TrainResult['kept'] {
  const score = (name: HeadVariant): number | null =>
    variants.find(({ variant }) => variant === name)?.validation?.averageMap ?? null;
  const frozen = score('frozen');
  const lofi = score('lofi');
  return frozen !== null && lofi !== null && frozen > lofi ? 'frozen' : 'lofi';
}
