/**
 * What stage 2 keeps between steps, and its checkpoints.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { DetectorState } from '#core/model/detector';
import { mixSeed } from '#core/util/random';
import type { TrainEnvironment } from './environment.ts';
import { cloneParameters, initialOptimiserState } from './optimiser.ts';
import type { OptimiserState } from './optimiser.ts';
import { packMaps, unpackMaps } from './packing.ts';

/** The best encoder that held-out videos have seen. */
export interface BestEncoder {
  readonly encoder: TensorMap;
  /** Epoch, from 1, after which it was measured. */
  readonly epoch: number;
  /** mAP on held-out videos, a fraction. */
  readonly averageMap: number;
}

/** Where a stage 2 stands. */
export interface LofiState {
  encoder: TensorMap;
  head: TensorMap;
  encoderOptimiser: OptimiserState;
  headOptimiser: OptimiserState;
  detector: DetectorState;
  /** Steps of the warm-up, then of all epochs. */
  warmupStep: number;
  step: number;
  /** Epochs that ended, their look at held-out videos included. */
  epochs: number;
  best: BestEncoder | null;
  /** Looks since the best one. */
  withoutGain: number;
}

/** The part of a state that is not tensors. */
interface LofiValues {
  readonly encoderStep: number;
  readonly headStep: number;
  readonly warmupStep: number;
  readonly detector: DetectorState;
  readonly epochs: number;
  readonly best: Omit<BestEncoder, 'encoder'> | null;
  readonly withoutGain: number;
}

/** The state in the checkpoint, or the one at the beginning. */
export async function restoreLofi(
  environment: TrainEnvironment,
  name: string,
  start: { readonly seed: number; readonly encoder: TensorMap },
): Promise<{ state: LofiState; finished: boolean }> {
  const saved = await environment.checkpoints.load(name);
  if (saved === null) {
    const seed = mixSeed(start.seed, 'stage2-head');
    const state: LofiState = {
      encoder: cloneParameters(start.encoder),
      head: environment.detector.initialise(seed),
      encoderOptimiser: initialOptimiserState(),
      headOptimiser: initialOptimiserState(),
      detector: environment.detector.initialState(seed),
      warmupStep: 0,
      step: 0,
      epochs: 0,
      best: null,
      withoutGain: 0,
    };
    return { state, finished: false };
  }
  const maps = unpackMaps(saved.tensors);
  const values = saved.meta.values as unknown as LofiValues;
  const state: LofiState = {
    encoder: maps['encoder'] ?? {},
    head: maps['head'] ?? {},
    encoderOptimiser: {
      step: values.encoderStep,
      first: maps['encoderFirst'] ?? {},
      second: maps['encoderSecond'] ?? {},
    },
    headOptimiser: {
      step: values.headStep,
      first: maps['headFirst'] ?? {},
      second: maps['headSecond'] ?? {},
    },
    detector: values.detector,
    warmupStep: values.warmupStep,
    step: saved.meta.step,
    epochs: values.epochs,
    best: values.best === null ? null : { ...values.best, encoder: maps['best'] ?? {} },
    withoutGain: values.withoutGain,
  };
  return { state, finished: saved.meta.finished };
}

/** Writes the checkpoint. */
export async function saveLofi(
  environment: TrainEnvironment,
  name: string,
  state: LofiState,
  finished: boolean,
): Promise<void> {
  const { best } = state;
  const values: LofiValues = {
    encoderStep: state.encoderOptimiser.step,
    headStep: state.headOptimiser.step,
    warmupStep: state.warmupStep,
    detector: state.detector,
    epochs: state.epochs,
    best: best === null ? null : { epoch: best.epoch, averageMap: best.averageMap },
    withoutGain: state.withoutGain,
  };
  await environment.checkpoints.save(name, {
    tensors: packMaps({
      encoder: state.encoder,
      head: state.head,
      encoderFirst: state.encoderOptimiser.first,
      encoderSecond: state.encoderOptimiser.second,
      headFirst: state.headOptimiser.first,
      headSecond: state.headOptimiser.second,
      ...(best === null ? {} : { best: best.encoder }),
    }),
    meta: { step: state.step, finished, values: { ...values } },
  });
}
