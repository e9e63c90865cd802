/**
 * The interface of localisation heads ("detectors"): features of a stretch of video in, scored segments out.
 *
 * One interface for G-TAD, the anchor-free pyramid and TriDet, so that LoFi's stage 2 runs with any of them.
 * Positions are in feature steps: a snippet i covers [i, i + 1); segments may lie between steps.
 */
import type { TensorMap } from '#core/compute/hostTensor';

/** The heads by name. */
export type DetectorName = 'anchor-free' | 'tridet' | 'g-tad';

/** A ground-truth segment on the feature grid. */
export interface GridSegment {
  /** In feature steps, 0 ≤ start < end ≤ length. */
  readonly start: number;
  readonly end: number;
  /** Index of the class; −1 is an ignored region. */
  readonly classIndex: number;
}

/** A detection on the feature grid. */
export interface GridDetection {
  readonly start: number;
  readonly end: number;
  readonly classIndex: number;
  /** 0–1 */
  readonly score: number;
  /** Standard deviation of each boundary in feature steps, where the head knows it (TriDet's bins). */
  readonly startDeviation?: number;
  readonly endDeviation?: number;
}

/** A head's scores over the feature grid, each 0–1. */
export interface GridCurves {
  /** What each row is: a class's index, or an edge of any class. */
  readonly rows: readonly (number | 'start' | 'end')[];
  /** float32 [rows, length] */
  readonly values: Float32Array;
}

/** One training batch; sequences are padded to the same length T. */
export interface DetectorBatch {
  /** float32 [B, T, C] */
  readonly features: Float32Array;
  /** [B, T, C] */
  readonly shape: readonly [number, number, number];
  /** Valid steps of each sequence, ≤ T. */
  readonly lengths: readonly number[];
  /** Ground truth of each sequence. */
  readonly segments: readonly (readonly GridSegment[])[];
  /** uint8 [B, T]: 1 where somebody looked (covered); 0 is neither positive nor negative. Absent: all covered. */
  readonly covered?: Uint8Array;
  /** Candidates of each sequence that a person rejected: hard negatives of their class, on uncovered steps too. Absent: none. */
  readonly rejected?: readonly (readonly GridSegment[])[];
  /** Factor by which each class's positives count. Absent: all count alike. */
  readonly classWeights?: readonly number[];
}

/** What training carries from step to step besides parameters (loss normaliser, random state): plain data, part of checkpoints. */
export type DetectorState = Record<string, number | readonly number[]>;

/** Loss and gradients of one batch. */
export interface DetectorStep {
  readonly loss: number;
  /** Parts of the loss by name, for curves. */
  readonly parts: Readonly<Record<string, number>>;
  readonly gradients: TensorMap;
  /** float32 [B, T, C]; present when asked for. */
  readonly featureGradients?: Float32Array;
  readonly state: DetectorState;
}

/** A head, bound to its configuration; parameters are passed in, never kept. Runs on the current TF.js back end. */
export interface Detector {
  readonly name: DetectorName;
  /** Number of classes it scores. */
  readonly classCount: number;
  /** How detections of several windows of one video are joined. */
  readonly suppression: { readonly nmsSigma: number; readonly keep: number; readonly scoreThreshold: number };
  /**
   * The same head with one class for all, and its parameters as a start for all classes; absent where the head knows no classes anyway
   * (G-TAD).
   */
  readonly agnostic?: { readonly detector: Detector; readonly expand: (parameters: TensorMap) => TensorMap };
  /** New random parameters; the same seed gives the same numbers. */
  initialise(seed: number): TensorMap;
  initialState(seed: number): DetectorState;
  /** Names of parameters without weight decay (biases, norms, scales). */
  readonly noDecay: (name: string) => boolean;
  lossAndGradients(
    parameters: TensorMap,
    state: DetectorState,
    batch: DetectorBatch,
    options: { readonly featureGradients: boolean },
  ): Promise<DetectorStep>;
  /** Detections of one sequence after per-class soft-NMS, best first. features: float32 [T, C]. */
  detect(parameters: TensorMap, features: Float32Array, length: number): Promise<GridDetection[]>;
  /** What it thinks of every step of one sequence: for a person to look at, not for detections. features: float32 [T, C] */
  curves(parameters: TensorMap, features: Float32Array, length: number): Promise<GridCurves>;
}
