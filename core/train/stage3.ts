/**
 * Stage 3: a head from scratch at full fidelity on features of a frozen encoder, the same for the stage-1 encoder (the baseline) and the
 * tuned one. The state that is kept is the best on the validation videos; testing videos are never looked at.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { detectionsInSeconds } from '#core/data/grid';
import { batchesPerEpoch, epochBatches } from '#core/data/sampler';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import type { DetectorState } from '#core/model/detector';
import type { ScoredSegment } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import { mixSeed } from '#core/util/random';
import type { HeadConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import type { VideoFeatures } from './extract.ts';
import type { TrainedModel } from './job.ts';
import {
  clipByGlobalNorm,
  cloneParameters,
  initialOptimiserState,
  optimiserStep,
  updateAverage,
} from './optimiser.ts';
import type { OptimiserState } from './optimiser.ts';
import { packMaps, unpackMaps } from './packing.ts';
import { learningRateAt } from './schedule.ts';
import { padSequences, sequenceTarget } from './sequences.ts';
import type { Sequence } from './sequences.ts';

/** More than that cannot be told apart on the screen. */
const PREVIEW_SEGMENTS = 40;

/** Which run this is. */
export type HeadVariant = TrainedModel['variant'];

/** What stage 3 trains on. */
export interface HeadStageInput {
  readonly variant: HeadVariant;
  readonly config: HeadConfig;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly training: readonly TimedVideo[];
  readonly validation: readonly TimedVideo[];
  readonly features: ReadonlyMap<string, VideoFeatures>;
}

/** A trained head. */
export interface HeadStageResult {
  readonly parameters: TensorMap;
  readonly validation: TrainedModel['validation'];
  /** Epoch, from 1, that was kept. */
  readonly epoch: number;
}

interface HeadState {
  parameters: TensorMap;
  average: TensorMap | null;
  optimiser: OptimiserState;
  detector: DetectorState;
  best: { parameters: TensorMap; epoch: number; validation: TrainedModel['validation'] } | null;
  step: number;
}

/** Detections of videos from their features, in seconds. */
export async function detectVideos(
  environment: Pick<TrainEnvironment, 'detector' | 'engine'>,
  parameters: TensorMap,
  videos: readonly TimedVideo[],
  features: ReadonlyMap<string, VideoFeatures>,
  labels: readonly string[],
): Promise<Record<string, ScoredSegment[]>> {
  await environment.engine.useHeadBackend();
  const result: Record<string, ScoredSegment[]> = {};
  for (const video of videos) {
    const { plan, features: rows } = features.get(video.id)!;
    const detections = await environment.detector.detect(parameters, rows, plan.snippets);
    const range = { startSec: video.timing.frameSec[0] ?? 0, endSec: video.timing.endSec };
    result[video.id] = detectionsInSeconds(detections, labels, plan, range);
  }
  return result;
}

/** mAP of detections against the videos' labels; null without videos that have labels. */
export function scoreDetections(
  videos: readonly Pick<TimedVideo, 'id' | 'segments'>[],
  predictions: Readonly<Record<string, readonly ScoredSegment[]>>,
): TrainedModel['validation'] {
  const truth = Object.fromEntries(videos.map((video) => [video.id, [...video.segments]]));
  if (videos.every((video) => video.segments.length === 0)) return null;
  const own = Object.fromEntries(videos.map((video) => [video.id, [...(predictions[video.id] ?? [])]]));
  const { averageMap, map } = evaluateDetections(truth, own, tiousOf('activitynet'));
  return { averageMap, map };
}

function restore(
  environment: TrainEnvironment,
  input: HeadStageInput,
  saved: Awaited<ReturnType<TrainEnvironment['checkpoints']['load']>>,
): HeadState {
  if (saved === null) {
    const seed = mixSeed(input.seed, 'head');
    const parameters = environment.detector.initialise(seed);
    return {
      parameters,
      average: input.config.emaDecay === null ? null : cloneParameters(parameters),
      optimiser: initialOptimiserState(),
      detector: environment.detector.initialState(seed),
      best: null,
      step: 0,
    };
  }
  const maps = unpackMaps(saved.tensors);
  const values = saved.meta.values as {
    optimiserStep: number;
    detector: DetectorState;
    best: { epoch: number; validation: TrainedModel['validation'] } | null;
  };
  return {
    parameters: maps['parameters'] ?? {},
    average: maps['average'] ?? null,
    optimiser: { step: values.optimiserStep, first: maps['first'] ?? {}, second: maps['second'] ?? {} },
    detector: values.detector,
    best: values.best === null ? null : { ...values.best, parameters: maps['best'] ?? {} },
    step: saved.meta.step,
  };
}

async function save(
  environment: TrainEnvironment,
  name: string,
  state: HeadState,
  finished: boolean,
): Promise<void> {
  const { optimiser, best } = state;
  await environment.checkpoints.save(name, {
    tensors: packMaps({
      parameters: state.parameters,
      first: optimiser.first,
      second: optimiser.second,
      ...(state.average === null ? {} : { average: state.average }),
      ...(best === null ? {} : { best: best.parameters }),
    }),
    meta: {
      step: state.step,
      finished,
      values: {
        optimiserStep: optimiser.step,
        detector: state.detector,
        best: best === null ? null : { epoch: best.epoch, validation: best.validation },
      },
    },
  });
}

/**
 * Trains a head. Continues from its checkpoint where there is one.
 * @throws StudioError `bad-input` without training labels, `internal` when the loss is not finite
 */
export async function runHeadStage(
  environment: TrainEnvironment,
  input: HeadStageInput,
): Promise<HeadStageResult> {
  const { control, detector, checkpoints } = environment;
  const { config, variant } = input;
  const channels = environment.spec.featureChannels;
  const name = `stage3-${variant}`;
  await environment.engine.useHeadBackend();
  const sequences = input.training.map((video): Sequence => {
    const { plan, features } = input.features.get(video.id)!;
    return { ...sequenceTarget(video, input.labels, plan), features };
  });
  const saved = await checkpoints.load(name);
  const state = restore(environment, input, saved);
  const perEpoch = batchesPerEpoch(sequences.length, config.batch);
  const totalSteps = perEpoch * config.epochs;
  const text = `Stage 3 of 3, head on ${variant === 'frozen' ? 'frozen' : 'tuned'} features`;
  while (state.step < totalSteps) {
    const epoch = Math.floor(state.step / perEpoch);
    const batches = epochBatches(sequences, config.batch, input.seed, 'stage3', epoch);
    for (let at = state.step % perEpoch; at < perEpoch; at += 1) {
      await control.breathe(() => save(environment, name, state, false));
      const moment = { step: state.step, totalSteps, stepsPerEpoch: perEpoch };
      const batch = padSequences(batches[at]!, channels);
      const result = await detector.lossAndGradients(state.parameters, state.detector, batch, {
        featureGradients: false,
      });
      if (!Number.isFinite(result.loss)) throw diverged(state.step);
      clipByGlobalNorm(result.gradients, config.optimiser.clipNorm);
      const rate = learningRateAt(config.optimiser, moment);
      optimiserStep(
        config.optimiser,
        rate,
        state.parameters,
        result.gradients,
        state.optimiser,
        detector.noDecay,
      );
      if (state.average !== null) updateAverage(state.average, state.parameters, config.emaDecay!);
      state.detector = result.state;
      state.step += 1;
      control.metric({ name: 'loss', series: variant, step: state.step, value: result.loss });
      control.progress(name, `${text}, epoch ${epoch + 1}/${config.epochs}`, state.step, totalSteps, 'steps');
    }
    await validate(environment, input, state, epoch);
  }
  if (saved?.meta.finished !== true) await save(environment, name, state, true);
  const current = state.average ?? state.parameters;
  return state.best ?? { parameters: current, validation: null, epoch: config.epochs };
}

function diverged(step: number): StudioError {
  return new StudioError(
    'internal',
    `Stage 3 diverged at step ${step}: the loss is not a number. Lower the head's learning rate in the configuration.`,
  );
}

async function validate(
  environment: TrainEnvironment,
  input: HeadStageInput,
  state: HeadState,
  epoch: number,
): Promise<void> {
  const { config, validation, variant } = input;
  const isLast = epoch + 1 === config.epochs;
  const every = config.validateEvery;
  if (validation.length === 0 || !(isLast || (every !== null && (epoch + 1) % every === 0))) return;
  const current = state.average ?? state.parameters;
  const predictions = await detectVideos(environment, current, validation, input.features, input.labels);
  const score = scoreDetections(validation, predictions);
  if (score === null) return;
  environment.control.metric({
    name: 'validationMap',
    series: variant,
    step: state.step,
    value: score.averageMap,
  });
  const [shown] = [...validation].sort((a, b) => b.segments.length - a.segments.length);
  if (shown !== undefined) {
    const segments = [...(predictions[shown.id] ?? [])].sort((a, b) => b.score - a.score);
    environment.control.preview({
      videoId: shown.id,
      series: variant,
      epoch: epoch + 1,
      segments: segments.slice(0, PREVIEW_SEGMENTS),
    });
  }
  const isBetter = state.best?.validation == null || score.averageMap > state.best.validation.averageMap;
  if (every === null || isBetter) {
    state.best = { parameters: cloneParameters(current), epoch: epoch + 1, validation: score };
  }
}
