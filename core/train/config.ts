/**
 * The configuration of a training, as data with a version; the resolved one is saved beside every checkpoint.
 *
 * Defaults and their sources are in `defaults.ts`; `method.md` sections 1.3 to 1.6 are the specification.
 */
import type { DetectorName } from '#core/model/detector';

/** A point of the fidelity surface: rt divides snippets, rs divides the side. */
export interface Fidelity {
  readonly name: 'full' | 's' | 't' | 'st' | 't-window';
  readonly temporalFactor: number;
  readonly spatialFactor: number;
}

/** Which fidelities stage 2 runs through, and when it changes. */
export type LofiSchedule = 's' | 't' | 'st' | 'short-cyclic' | 'long-cyclic' | 's-then-windows' | 'full';

/** Optimiser settings. */
export interface OptimiserConfig {
  readonly kind: 'sgd' | 'adam' | 'adamw';
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'step' | 'cosine' | 'one-cycle';
  /** For `step`: epochs between drops and the factor. */
  readonly stepEpochs: number;
  readonly stepFactor: number;
  readonly warmupEpochs: number;
  /** Global gradient norm; null for none. */
  readonly clipNorm: number | null;
}

/** How a video becomes snippets. */
export interface SamplingConfig {
  readonly snippets: number;
  readonly framesPerSnippet: number;
  /** Side in pixels at full fidelity. */
  readonly side: number;
  /** `resize` gives every video the same number of snippets, `sliding` a fixed interval. */
  readonly mode: 'resize' | 'sliding';
  /** Frames between a snippet's frames; null: adjacent frames spread over the snippet's share of time. */
  readonly strideFrames: number | null;
  /** `sliding`: frames from one snippet to the next; absent: snippets lie end to end. */
  readonly intervalFrames?: number;
  /** `sliding`: seconds from one snippet to the next, for videos of different rates; comes before `intervalFrames`. */
  readonly intervalSec?: number;
  /** Seconds over which a snippet's frames are spread, around its middle; comes before `strideFrames`. */
  readonly spanSec?: number;
}

/** Changes of the frames in stage 2, the same over a sequence. */
export interface AugmentConfig {
  /** Largest shift of the picture, as a share of the side. */
  readonly shift: number;
  /** Largest relative change of brightness. */
  readonly gain: number;
  /** Largest offset, as a share of white. */
  readonly offset: number;
  /** Largest shift of the snippet grid in time, in frames. */
  readonly timeFrames: number;
}

/** Stage 2. */
export interface LofiConfig {
  readonly schedule: LofiSchedule;
  readonly epochs: number;
  /** Epochs of the second phase of `s-then-windows`. */
  readonly windowEpochs: number;
  readonly batch: number;
  readonly windowBatch: number;
  /**
   * Gradient accumulation: sequences that go through encoder and head at a time, for batches that fit no memory. A mean over parts, each
   * normalised by itself. Absent: the whole batch.
   */
  readonly microBatch?: number;
  readonly encoder: OptimiserConfig;
  readonly windowEncoderLearningRate: number;
  readonly head: OptimiserConfig;
  /** Epochs of the head on cached features before the encoder moves. */
  readonly headWarmupEpochs: number;
  /** ETAD: share of snippets whose encoder gradient is computed, in (0, 1]. */
  readonly snippetShare: number;
  /** Snippets per chunk of exact chunked back-propagation; null: the engine's choice. */
  readonly chunkSnippets: number | null;
  readonly batchNorm: 'frozen' | 'trained';
  readonly frozenPrefixes: readonly string[];
  /** Re-estimate running statistics at full fidelity after stage 2; then for the frozen baseline as well. */
  readonly reestimateBatchNorm: boolean;
  /** Other factors than the paper's, by name. */
  readonly fidelities?: readonly Fidelity[];
  readonly augment: AugmentConfig | null;
  /** How often held-out videos are looked at in the last phase; the best encoder stays. Absent or 0: never, the last one stays. */
  readonly heldOutLooks?: number;
  /** Held-out segments that looks need: fewer cannot tell a gain from chance, and stage 2 runs to its end. Absent: one. */
  readonly heldOutSegments?: number;
  /** Looks without a gain after which stage 2 stops; absent or null: it runs to its end. */
  readonly patience?: number | null;
  /** Peak rates of the encoder to try, each with its own stage 2 and 3; the best on held-out videos stays. Absent: the one above. */
  readonly encoderRates?: readonly number[];
}

/** ACP+: classification on the target's own segments before everything else. */
export interface TargetClassificationConfig {
  readonly steps: number;
  readonly clipsPerStep: number;
  readonly optimiser: OptimiserConfig;
}

/** Stage 3, the same for the frozen baseline. */
export interface HeadConfig {
  readonly epochs: number;
  readonly batch: number;
  readonly optimiser: OptimiserConfig;
  readonly emaDecay: number | null;
  /** Validate every N epochs and keep the best; null keeps the last. */
  readonly validateEvery: number | null;
  /** Validations without a gain after which the training stops; absent or null: it runs to its end. */
  readonly patience?: number | null;
  /** Peak rates to try; the best on held-out videos stays (the paper searches five). Absent: the optimiser's own. */
  readonly learningRates?: readonly number[];
  /** Epochs at the start in which all classes count as one; absent: none. */
  readonly agnosticEpochs?: number;
  /** Rare classes count more. */
  readonly classBalance?: boolean;
}

/** Everything that decides a training's outcome. */
export interface TrainConfig {
  readonly version: 1;
  readonly seed: number;
  /** Encoder to start from: path of a model folder or the name of one under resources/encoders. */
  readonly encoder: string;
  readonly detector: DetectorName;
  /**
   * G-TAD: whether its proposal classifier may give a segment several labels; absent or null: where the training has a stretch with two. The
   * other heads judge every label by itself anyway.
   */
  readonly multiLabel?: boolean | null;
  readonly sampling: SamplingConfig;
  readonly lofi: LofiConfig;
  readonly head: HeadConfig;
  /** Train the frozen baseline beside it. Always true outside benchmarks. */
  readonly baseline: boolean;
  /** False leaves stage 2 out: the frozen baseline alone. */
  readonly tune?: boolean;
  /** Where no video is in the validation subset, a part of the training videos is held out to choose by. */
  readonly holdOut?: boolean;
  readonly targetClassification?: TargetClassificationConfig;
}
