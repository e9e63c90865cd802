/**
 * A whole training: frozen baseline and LoFi side by side, stage by stage, and which of the two is better on held-out videos.
 *
 * Stage 1 is the encoder that comes in. The baseline (stage 1 → stage 3) and the tuned encoder (1 → 2 → 3) get the same head recipe, the same
 * seed and the same selection rule.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { LofiConfig, TrainConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { extractFeatures } from './extract.ts';
import type { VideoFeatures } from './extract.ts';
import type { StageFigures, TrainedModel } from './job.ts';
import { holdOut } from '#core/data/holdout';
import { StudioError } from '#core/contract/errors';
import { chooseVariant } from './choice.ts';
import type { ComparedVariant, VariantChoice } from './choice.ts';
import { runLofiStage } from './stage2.ts';
import { detectVideos } from './heldOut.ts';
import { runHeadStage } from './stage3.ts';
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
export interface VariantResult extends HeadStageResult, ComparedVariant {
  readonly encoder: TensorMap;
  readonly predictions: TrainedModel['predictions'];
}

/** Both models. */
export interface TrainOutcome extends VariantChoice {
  readonly variants: readonly VariantResult[];
}

/** Times in annotation files are rounded; what ends further behind the video belongs to another one. */
const END_SLACK_SEC = 0.5;

/** @throws StudioError `bad-input` when there is nothing to learn from, or a segment does not lie in its video */
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
        segment.endSec <= video.timing.endSec + END_SLACK_SEC;
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
  const { sampling, lofi, seed } = config;
  checkTraining(videos, labels);
  const { training, validation } = divide(environment, input);
  // A video whose last part is held out is in both, with the same features.
  const used = [...new Map([...training, ...validation].map((video) => [video.id, video])).values()];
  const restat = async (encoder: TensorMap): Promise<TensorMap> =>
    lofi.reestimateBatchNorm ? reestimateStatistics(environment, encoder, training, sampling, seed) : encoder;
  const headOn = async (
    variant: HeadVariant,
    encoder: TensorMap,
    features: ReadonlyMap<string, VideoFeatures>,
    suffix: string,
  ): Promise<VariantResult> => {
    const result = await meter.measure(`stage3-${variant}`, () =>
      runHeadStage(environment, {
        variant,
        config: config.head,
        seed,
        labels,
        training,
        validation,
        features,
        windowSnippets: sampling.snippets,
        suffix,
      }),
    );
    const heldOut = await detectVideos(
      environment,
      result.parameters,
      validation,
      features,
      labels,
      sampling.snippets,
    );
    // Held-out training videos were not asked to be predicted on.
    const asked = validation.filter((video) => video.subset === 'validation');
    const predictions = Object.fromEntries(asked.map(({ id }) => [id, heldOut[id]!]));
    return { ...result, variant, encoder, heldOut, predictions };
  };
  const variants: VariantResult[] = [];
  const target = config.targetClassification;
  const start =
    target === undefined
      ? input.encoder
      : await meter.measure('target', () =>
          runTargetClassification(environment, {
            config: target,
            sampling,
            augment: lofi.augment,
            seed,
            labels,
            training,
            encoder: input.encoder,
          }),
        );
  const frozenEncoder = await restat(start);
  const frozen = await meter.measure('features-frozen', () =>
    extractFeatures(environment, frozenEncoder, used, sampling, 'features-frozen', 'frozen encoder'),
  );
  if (config.baseline) variants.push(await headOn('frozen', frozenEncoder, frozen, ''));
  if (config.tune !== false) {
    const rates = encoderRatesOf(lofi, validation.length > 0);
    let best: VariantResult | null = null;
    for (const rate of rates) {
      const suffix = rates.length > 1 ? `-encoder-${rate}` : '';
      const tuned = await meter.measure('stage2', () =>
        runLofiStage(environment, {
          config: rates.length > 1 ? withEncoderRate(lofi, rate) : lofi,
          sampling,
          seed,
          labels,
          training,
          validation,
          encoder: start,
          warmupFeatures: frozen,
          classBalance: config.head.classBalance === true,
          checkpoint: `stage2${suffix}`,
        }),
      );
      const encoder = await restat(tuned);
      const features = await meter.measure('features-lofi', () =>
        extractFeatures(environment, encoder, used, sampling, 'features-lofi', 'tuned encoder'),
      );
      const result = await headOn('lofi', encoder, features, suffix);
      if (rates.length > 1) environment.control.log('info', rateText(rate, result));
      if (best === null || scoreOf(result) > scoreOf(best)) best = result;
    }
    variants.push(best!);
  }
  const outcome = { variants, ...chooseVariant(variants, validation) };
  environment.control.log('info', outcome.reason);
  return outcome;
}

/** Training and held-out videos; where a person set none aside, a part of the training videos. */
function divide(
  { control }: TrainEnvironment,
  { config, videos }: TrainInput,
): { readonly training: readonly TimedVideo[]; readonly validation: readonly TimedVideo[] } {
  const training = videos.filter((video) => video.subset === 'training');
  const validation = videos.filter((video) => video.subset === 'validation');
  const canMeasure = validation.some((video) => video.segments.length > 0);
  if (canMeasure || config.holdOut !== true) return { training, validation };
  const held = holdOut(training, config.seed);
  if (held === null) {
    control.log(
      'warning',
      'There are too few segments to hold some out: nothing can tell which model is better.',
    );
    return { training, validation };
  }
  control.log('info', held.text);
  return held;
}

/** Encoder rates that are tried. Without held-out videos nothing could choose. */
export function encoderRatesOf({ encoderRates, encoder }: LofiConfig, canChoose: boolean): readonly number[] {
  return canChoose && encoderRates !== undefined && encoderRates.length > 0
    ? encoderRates
    : [encoder.learningRate];
}

/** Both phases at another peak rate; the second keeps its ratio to the first. */
function withEncoderRate(lofi: LofiConfig, learningRate: number): LofiConfig {
  return {
    ...lofi,
    encoder: { ...lofi.encoder, learningRate },
    windowEncoderLearningRate: (lofi.windowEncoderLearningRate * learningRate) / lofi.encoder.learningRate,
  };
}

const scoreOf = ({ validation }: VariantResult): number => validation?.averageMap ?? -1;
const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

const rateText = (rate: number, result: VariantResult): string =>
  `Encoder rate ${rate}: average mAP ${percent(Math.max(0, scoreOf(result)))} on held-out videos.`;
