/**
 * Configurations to start from: the demo's, the quick one, the paper's, and the studio's for a person's own videos.
 *
 * The demo's numbers come from measurements on generated footage (docs/lofi-tables.md); the paper's from Xu et al., NeurIPS 2021,
 * section 4, with G-TAD's head recipe.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { AugmentConfig, HeadConfig, LofiConfig, OptimiserConfig, TrainConfig } from './config.ts';

const ADAMW: OptimiserConfig = {
  kind: 'adamw',
  learningRate: 1e-3,
  momentum: 0,
  weightDecay: 0.01,
  schedule: 'one-cycle',
  stepEpochs: 5,
  stepFactor: 0.5,
  warmupEpochs: 0,
  clipNorm: 1,
};

const PAPER_SGD: OptimiserConfig = {
  kind: 'sgd',
  learningRate: 0.1,
  momentum: 0,
  weightDecay: 1e-4,
  schedule: 'step',
  stepEpochs: 5,
  stepFactor: 0.5,
  warmupEpochs: 0,
  clipNorm: null,
};

const JITTER: AugmentConfig = { shift: 0.06, gain: 0.15, offset: 0.03, timeFrames: 2 };

/** Stage 3 of the demo, the same for the frozen encoder and the tuned one. */
export const DEMO_HEAD: HeadConfig = {
  epochs: 30,
  batch: 10,
  optimiser: ADAMW,
  emaDecay: null,
  validateEvery: 3,
};

/** Stage 2 of the demo: S at half the side, then windows at full side with the same number of pixels. */
export const DEMO_LOFI: LofiConfig = {
  schedule: 's-then-windows',
  epochs: 4,
  windowEpochs: 12,
  batch: 2,
  windowBatch: 4,
  encoder: ADAMW,
  windowEncoderLearningRate: 6e-4,
  head: ADAMW,
  headWarmupEpochs: 6,
  snippetShare: 1,
  chunkSnippets: null,
  batchNorm: 'frozen',
  frozenPrefixes: [],
  reestimateBatchNorm: false,
  augment: JITTER,
};

/** The part of stage 2 that depends on the encoder. */
type EncoderTuning = Pick<LofiConfig, 'encoder' | 'windowEncoderLearningRate' | 'frozenPrefixes'>;

/** The full demo. */
export const DEMO_CONFIG: TrainConfig = {
  version: 1,
  seed: 1,
  encoder: 'small',
  detector: 'anchor-free',
  sampling: { snippets: 64, framesPerSnippet: 8, side: 64, mode: 'resize', strideFrames: 1 },
  lofi: DEMO_LOFI,
  head: DEMO_HEAD,
  baseline: true,
};

/** The quick demo: the same path, smaller. It promises nothing. */
export const QUICK_CONFIG: TrainConfig = {
  ...DEMO_CONFIG,
  lofi: { ...DEMO_LOFI, epochs: 3, windowEpochs: 3, headWarmupEpochs: 3 },
  head: { ...DEMO_HEAD, epochs: 20, batch: 4, validateEvery: 5 },
};

/** Stage 2 of the shipped encoder: as in the demo, where all of it learns. Measured on little: docs/benchmarks.md, "Training on little". */
const SMALL_ENCODER: EncoderTuning = {
  encoder: DEMO_LOFI.encoder,
  windowEncoderLearningRate: DEMO_LOFI.windowEncoderLearningRate,
  frozenPrefixes: DEMO_LOFI.frozenPrefixes,
};

/** Stage 2 of a backbone with published weights: small steps and early layers at rest, so that a handful of videos cannot undo what many taught. */
const BACKBONE: EncoderTuning = {
  encoder: { ...ADAMW, learningRate: 2e-4 },
  windowEncoderLearningRate: 2e-4,
  frozenPrefixes: ['conv1', 'bn1', 'layer1.'],
};

/** How the studio's stage 2 tunes an encoder, and peak rates that held-out videos may choose from. */
export function encoderTuning({ stem }: Pick<EncoderSpec, 'stem'>): {
  readonly tuning: EncoderTuning;
  readonly rates: readonly number[];
} {
  return stem === 'small'
    ? { tuning: SMALL_ENCODER, rates: [5e-4, 1e-3] }
    : { tuning: BACKBONE, rates: [1e-4, 4e-4] };
}

/** Fewer held-out segments than this say little. */
export const FEW_SEGMENTS = 20;

/** A person's own videos with the shipped encoder: the demo's stages, and held-out material is looked at where there is enough. */
export const STUDIO_CONFIG: TrainConfig = {
  ...DEMO_CONFIG,
  sampling: { snippets: 100, framesPerSnippet: 8, side: 112, mode: 'resize', strideFrames: null },
  lofi: {
    ...DEMO_LOFI,
    heldOutLooks: 6,
    heldOutSegments: FEW_SEGMENTS,
    patience: 2,
  },
  head: {
    ...DEMO_HEAD,
    batch: 4,
    emaDecay: 0.99,
    patience: 6,
    learningRates: [5e-4, 1e-3, 2e-3],
    agnosticEpochs: 8,
    classBalance: true,
  },
  holdOut: true,
  multiLabel: null,
};

/** The paper's own recipe, for machines and data sets of its size. */
export const PAPER_CONFIG: TrainConfig = {
  ...DEMO_CONFIG,
  encoder: 'tsm-resnet18',
  detector: 'g-tad',
  sampling: { snippets: 100, framesPerSnippet: 8, side: 224, mode: 'resize', strideFrames: 8 },
  lofi: {
    ...DEMO_LOFI,
    schedule: 'long-cyclic',
    epochs: 15,
    windowEpochs: 0,
    batch: 16,
    windowBatch: 16,
    encoder: PAPER_SGD,
    windowEncoderLearningRate: 0.1,
    head: PAPER_SGD,
    headWarmupEpochs: 0,
    augment: null,
  },
  head: {
    epochs: 10,
    batch: 16,
    optimiser: {
      ...ADAMW,
      kind: 'adam',
      learningRate: 4e-3,
      weightDecay: 1e-4,
      schedule: 'step',
      stepEpochs: 7,
      stepFactor: 0.1,
      clipNorm: null,
    },
    emaDecay: null,
    validateEvery: 1,
  },
};
