/**
 * Pre-trains the small encoder on the generated footage: on trimmed clips of the source classes (stage 1 of the demo), or on stills.
 *
 * `resources/encoders/train-small.ts` made the shipped encoder with this, and `demo --from-scratch` runs it again. Stills play the part of
 * ImageNet: `bench lofi-tables` compares what they give.
 */
import type { ComputeEngine } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { SOURCE_CLASSES } from '#core/data/footage/classes';
import { drawClip, drawStill, STILL_CLASSES } from '#core/data/footage/footage';
import type { FootageClip } from '#core/data/footage/footage';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { resizeFrames } from '#core/data/resize';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { createRandom, mixSeed } from '#core/util/random';
import type { CheckpointStore } from './environment.ts';
import type { OptimiserState } from './optimiser.ts';
import { packMaps, unpackMaps } from './packing.ts';
import { classifierStep, runClassification, startClassification } from './stage1.ts';
import type {
  ClassificationConfig,
  ClassificationFigures,
  ClassificationState,
  ClipBatch,
} from './stage1.ts';

/** How the small encoder is pre-trained. */
export interface PretrainConfig {
  /** `motion`: which of the source motions a clip shows; `look`: shape and colour in single frames, no motion. */
  readonly task: 'motion' | 'look';
  readonly seed: number;
  readonly steps: number;
  readonly clipsPerStep: number;
  /** Sides in pixels, one drawn for each step, so that the encoder works at several. */
  readonly sides: readonly number[];
  /** Clips of other seeds that it is measured on. */
  readonly testClips: number;
}

/** What made the shipped encoder. */
export const SMALL_PRETRAINING: PretrainConfig = {
  task: 'motion',
  seed: 1,
  steps: 1100,
  clipsPerStep: 32,
  sides: [64, 48, 40],
  testClips: 1000,
};

/** The counterpart on stills. Eight times the clips are as many frames; a still is seen once, a clip's eight frames show one actor. */
export const LOOK_PRETRAINING: PretrainConfig = {
  task: 'look',
  seed: 1,
  steps: 700,
  clipsPerStep: 64,
  sides: [64, 48, 40],
  testClips: 1000,
};

/** A pre-trained encoder with its figures. */
export interface PretrainResult {
  readonly encoder: TensorMap;
  /** Share of new clips (or stills) at side 64 that it classifies right. */
  readonly accuracy: number;
}

function drawExample(config: PretrainConfig, index: number, frameCount: number): FootageClip {
  if (config.task === 'motion') return drawClip(config.seed, index, frameCount);
  const { frame, classIndex } = drawStill(config.seed, index);
  return { frames: frame, classIndex };
}

function clipBatch(
  config: PretrainConfig,
  spec: EncoderSpec,
  first: number,
  count: number,
  side: number,
): ClipBatch {
  const frames = spec.framesPerSnippet;
  const size = frames * side * side * 3;
  const data = new Uint8Array(count * size);
  const classes: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const clip = drawExample(config, first + i, frames);
    data.set(resizeFrames(clip.frames, frames, DEFAULT_FOOTAGE.side, side), i * size);
    classes.push(clip.classIndex);
  }
  return { frames: { data, shape: [count, frames, side, side, 3] }, classes };
}

/** Who watches a pre-training, and where it keeps what it needs to go on. */
export interface PretrainWatch {
  readonly checkpoints?: CheckpointStore;
  /** Reports, saves when it is time to, and throws when the person cancelled. */
  afterStep(figures: ClassificationFigures, save: () => Promise<void>): Promise<void>;
}

const CHECKPOINT = 'stage1';

async function restore(
  fresh: ClassificationState,
  checkpoints: CheckpointStore | undefined,
): Promise<ClassificationState> {
  const saved = (await checkpoints?.load(CHECKPOINT)) ?? null;
  if (saved === null) return fresh;
  const maps = unpackMaps(saved.tensors);
  const { step } = saved.meta;
  const optimiser = (name: string): OptimiserState => ({
    step,
    first: maps[`${name}First`] ?? {},
    second: maps[`${name}Second`] ?? {},
  });
  return {
    encoder: maps['encoder'] ?? {},
    classifier: maps['classifier'] ?? {},
    encoderOptimiser: optimiser('encoder'),
    classifierOptimiser: optimiser('classifier'),
    step,
  };
}

async function save(state: ClassificationState, checkpoints: CheckpointStore | undefined): Promise<void> {
  await checkpoints?.save(CHECKPOINT, {
    tensors: packMaps({
      encoder: state.encoder,
      classifier: state.classifier,
      encoderFirst: state.encoderOptimiser.first,
      encoderSecond: state.encoderOptimiser.second,
      classifierFirst: state.classifierOptimiser.first,
      classifierSecond: state.classifierOptimiser.second,
    }),
    meta: { step: state.step, finished: false, values: {} },
  });
}

/**
 * Runs stage 1 from random weights, or from where a checkpoint stands.
 * @param spec for stills a network of one frame, which shifts nothing
 */
export async function pretrainEncoder(
  engine: ComputeEngine,
  spec: EncoderSpec,
  config: PretrainConfig,
  watch: PretrainWatch,
): Promise<PretrainResult> {
  const classification: ClassificationConfig = {
    seed: config.seed,
    steps: config.steps,
    classCount: config.task === 'motion' ? SOURCE_CLASSES.length : STILL_CLASSES,
    batchNorm: 'trained',
    labelSmoothing: 0,
    optimiser: {
      kind: 'adamw',
      learningRate: 4e-3,
      momentum: 0,
      weightDecay: 0.01,
      schedule: 'one-cycle',
      stepEpochs: 1,
      stepFactor: 1,
      warmupEpochs: 0,
      clipNorm: 1,
    },
  };
  const { checkpoints } = watch;
  const fresh = startClassification(
    initialiseEncoder(spec, config.seed),
    spec.featureChannels,
    classification,
  );
  const state = await restore(fresh, checkpoints);
  await runClassification({
    engine,
    spec,
    config: classification,
    state,
    clips: (step) => {
      const side =
        config.sides[createRandom(mixSeed(config.seed, 'side', step)).integer(config.sides.length)]!;
      return Promise.resolve(clipBatch(config, spec, step * config.clipsPerStep, config.clipsPerStep, side));
    },
    afterStep: (figures) => watch.afterStep(figures, () => save(state, checkpoints)),
  });
  const session = await engine.openEncoder(spec, state.encoder, {
    batchNorm: 'frozen',
    constantParameters: true,
  });
  try {
    let correct = 0;
    const unseen = config.steps * config.clipsPerStep;
    for (let done = 0; done < config.testClips; done += config.clipsPerStep) {
      const { frames, classes } = clipBatch(
        config,
        spec,
        unseen + done,
        config.clipsPerStep,
        DEFAULT_FOOTAGE.side,
      );
      correct += classifierStep(state.classifier, await session.features(frames), classes, 0).correct;
    }
    const rounds = Math.ceil(config.testClips / config.clipsPerStep) * config.clipsPerStep;
    return { encoder: state.encoder, accuracy: rounds > 0 ? correct / rounds : 0 };
  } finally {
    session.dispose();
  }
}
