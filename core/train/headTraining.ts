/**
 * The training of one head on features that stay: steps, moving average, validation, early stopping, checkpoints.
 */
import { releaseTensors, type TensorMap } from '#core/compute/hostTensor';
import { batchesPerEpoch, epochBatches } from '#core/data/sampler';
import type { DetectorState } from '#core/model/detector';
import type { HeadConfig } from './config.ts';
import type { Checkpoint, TrainEnvironment } from './environment.ts';
import type { TrainedModel } from './job.ts';
import {
  clipByGlobalNorm,
  cloneParameters,
  initialOptimiserState,
  optimiserStep,
  updateAverage,
} from './optimiser.ts';
import { requireFinite, requireFiniteLoss } from './finite.ts';
import type { OptimiserState } from './optimiser.ts';
import { packMaps, unpackMaps } from './packing.ts';
import { learningRateAt } from './schedule.ts';
import { padSequences } from './sequences.ts';
import type { Sequence } from './sequences.ts';

/** A trained head. */
export interface TrainedHead {
  readonly parameters: TensorMap;
  readonly validation: TrainedModel['validation'];
  /** Epoch, from 1, that was kept. */
  readonly epoch: number;
}

/** One training. */
export interface HeadRun {
  /** Name of its checkpoints. */
  readonly checkpoint: string;
  /** Name of its curves. */
  readonly series: string;
  readonly config: HeadConfig;
  /** Orders the batches. */
  readonly seed: number;
  readonly start: TensorMap;
  readonly startState: DetectorState;
  readonly sequences: readonly Sequence[];
  readonly classWeights: readonly number[] | undefined;
  /** Figures on held-out videos; null without any. */
  readonly validate: ((parameters: TensorMap, epoch: number) => Promise<TrainedModel['validation']>) | null;
  readonly progress: (epoch: number, step: number) => void;
}

interface HeadState {
  parameters: TensorMap;
  average: TensorMap | null;
  optimiser: OptimiserState;
  detector: DetectorState;
  best: TrainedHead | null;
  /** Validations since the best one. */
  withoutGain: number;
  step: number;
}

/** Steps of a training. */
export function headSteps(
  sequences: number,
  { batch, epochs }: Pick<HeadConfig, 'batch' | 'epochs'>,
): number {
  return batchesPerEpoch(sequences, batch) * epochs;
}

function restore(run: HeadRun, saved: Checkpoint | null): HeadState {
  if (saved === null) {
    return {
      parameters: run.start,
      average: run.config.emaDecay === null ? null : cloneParameters(run.start),
      optimiser: initialOptimiserState(),
      detector: run.startState,
      best: null,
      withoutGain: 0,
      step: 0,
    };
  }
  const maps = unpackMaps(saved.tensors);
  const values = saved.meta.values as {
    optimiserStep: number;
    detector: DetectorState;
    best: { epoch: number; validation: TrainedModel['validation'] } | null;
    withoutGain?: number;
  };
  return {
    parameters: maps['parameters'] ?? {},
    average: maps['average'] ?? null,
    optimiser: { step: values.optimiserStep, first: maps['first'] ?? {}, second: maps['second'] ?? {} },
    detector: values.detector,
    best: values.best === null ? null : { ...values.best, parameters: maps['best'] ?? {} },
    withoutGain: values.withoutGain ?? 0,
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
        withoutGain: state.withoutGain,
      },
    },
  });
}

/** The decay of a moving average that is still young: it must not hold on to the random start (TensorFlow's rule). */
const decayAt = (decay: number, step: number): number => Math.min(decay, (1 + step) / (10 + step));

/**
 * Trains a head. Continues from its checkpoint where there is one.
 * @throws StudioError `internal` when the loss or a gradient is not finite
 */
export async function trainHead(environment: TrainEnvironment, run: HeadRun): Promise<TrainedHead> {
  const { control, detector, checkpoints } = environment;
  const { config, sequences } = run;
  const channels = environment.spec.featureChannels;
  const saved = await checkpoints.load(run.checkpoint);
  const state = restore(run, saved);
  const perEpoch = batchesPerEpoch(sequences.length, config.batch);
  const totalSteps = headSteps(sequences.length, config);
  let isDone = saved?.meta.finished === true;
  while (!isDone && state.step < totalSteps) {
    const epoch = Math.floor(state.step / perEpoch);
    const batches = epochBatches(sequences, config.batch, run.seed, 'stage3', epoch);
    for (let at = state.step % perEpoch; at < perEpoch; at += 1) {
      await control.breathe(() => save(environment, run.checkpoint, state, false));
      const moment = { step: state.step, totalSteps, stepsPerEpoch: perEpoch };
      const batch = padSequences(batches[at]!, channels, run.classWeights);
      const result = await detector.lossAndGradients(state.parameters, state.detector, batch, {
        featureGradients: false,
      });
      const where = `Stage 3 diverged at step ${state.step}`;
      const norm = clipByGlobalNorm(result.gradients, config.optimiser.clipNorm);
      requireFinite(norm, result.gradients, state.parameters, where);
      requireFiniteLoss(result.loss, state.parameters, where);
      const rate = learningRateAt(config.optimiser, moment);
      optimiserStep(
        config.optimiser,
        rate,
        state.parameters,
        result.gradients,
        state.optimiser,
        detector.noDecay,
      );
      releaseTensors(result.gradients);
      if (state.average !== null)
        updateAverage(state.average, state.parameters, decayAt(config.emaDecay!, state.step));
      state.detector = result.state;
      state.step += 1;
      control.metric({ name: 'loss', series: run.series, step: state.step, value: result.loss });
      run.progress(epoch, state.step);
    }
    isDone = await validate(environment, run, state, epoch);
  }
  if (saved?.meta.finished !== true) await save(environment, run.checkpoint, state, true);
  const current = state.average ?? state.parameters;
  return state.best ?? { parameters: current, validation: null, epoch: config.epochs };
}

/** @returns whether to stop early */
async function validate(
  { control }: TrainEnvironment,
  { config, series, validate: figuresOf }: HeadRun,
  state: HeadState,
  epoch: number,
): Promise<boolean> {
  const isLast = epoch + 1 === config.epochs;
  const every = config.validateEvery;
  if (figuresOf === null || !(isLast || (every !== null && (epoch + 1) % every === 0))) return false;
  const current = state.average ?? state.parameters;
  const score = await figuresOf(current, epoch + 1);
  if (score === null) return false;
  control.metric({ name: 'validationMap', series, step: state.step, value: score.averageMap });
  const isBetter = state.best?.validation == null || score.averageMap > state.best.validation.averageMap;
  state.withoutGain = isBetter ? 0 : state.withoutGain + 1;
  if (every === null || isBetter) {
    state.best = { parameters: cloneParameters(current), epoch: epoch + 1, validation: score };
  }
  return config.patience != null && state.withoutGain >= config.patience;
}
