/**
 * What a job worker is told and what it reports: plain data that crosses the process border.
 *
 * The service resolves everything (paths, labels, configuration) before it starts a worker; the worker never opens the database.
 */
import type { EngineName } from '#core/compute/engine';
import type { LabelledSegment, ScoredSegment, TimeRange } from '#core/annotation/segment';
import type { TrainConfig } from '#core/train/config';
import type { ErrorInfo } from '#core/contract/errors';
import type { EngineInfo } from '#core/contract/info';
import type { PublishedWeights } from '#core/model/weights/published';

/** Kinds of work. Units: thousands of the source's pixels decoded, thousands of pixels through the encoder, steps of the head. */
export type WorkKind = 'decode' | 'features' | 'tune' | 'head';

/** Units of each kind in a second, as a machine was measured with an encoder, a head and a fidelity. */
export type WorkRates = Readonly<Record<WorkKind, number>>;

/** A video as the worker sees it. */
export interface JobVideo {
  readonly id: string;
  readonly path: string;
  /** Content hash: names the caches. */
  readonly contentHash: string;
  /** Width times height of its frames, where known: how long decoding takes. */
  readonly framePixels?: number;
  readonly subset: 'training' | 'validation' | 'testing';
  readonly segments: readonly LabelledSegment[];
  /** Stretches that somebody labelled fully; absent means the whole video. */
  readonly covered?: readonly TimeRange[];
  /** Predictions that a person rejected: hard negatives. */
  readonly rejected?: readonly LabelledSegment[];
}

/** Where a job may write. */
export interface JobFolders {
  /** Can be deleted at any time. */
  readonly cache: string;
  /** Models and checkpoints of this job. */
  readonly output: string;
}

/** Train: LoFi stages 1 → 2 → 3 or the part that the config names. */
export interface TrainJob {
  readonly kind: 'train';
  readonly jobId: string;
  readonly config: TrainConfig;
  readonly labels: readonly string[];
  readonly videos: readonly JobVideo[];
  readonly folders: JobFolders;
  readonly engine: EngineName | 'auto';
  /** Continue from the checkpoints already in `folders.output`. */
  readonly resume: boolean;
  /** What the machine was measured to do; the time left is told from the first second on. */
  readonly rates?: WorkRates;
}

/** Measure how fast this machine would train: a few seconds of the real work at the configured fidelity. */
export interface CalibrateJob {
  readonly kind: 'calibrate';
  readonly jobId: string;
  readonly config: TrainConfig;
  readonly classCount: number;
  /** Whose frames are decoded. */
  readonly video: JobVideo;
  readonly folders: JobFolders;
  readonly engine: EngineName | 'auto';
}

/** Predict with a trained model. */
export interface PredictJob {
  readonly kind: 'predict';
  readonly jobId: string;
  /** Folder of the model. */
  readonly model: string;
  readonly videos: readonly JobVideo[];
  readonly folders: JobFolders;
  /** Where each video's score curves go (`VIDEO.curves`); absent: none are kept. */
  readonly curves?: string;
  readonly engine: EngineName | 'auto';
}

/** Fetch published weights and make an encoder of them. */
export interface FetchJob {
  readonly kind: 'fetch';
  readonly jobId: string;
  readonly entry: PublishedWeights;
  /** The encoder's folder; it must not exist. */
  readonly folder: string;
}

/** Hold an engine against the reference numbers and time a step of it. */
export interface EngineTestJob {
  readonly kind: 'engine-test';
  readonly jobId: string;
  readonly engine: EngineName;
}

export type WorkerJob = TrainJob | PredictJob | CalibrateJob | FetchJob | EngineTestJob;

/** Absolute progress; at most ten a second. */
export interface JobProgress {
  /** 0–1 of the whole job. */
  readonly fraction: number;
  /** Machine name of the step: `decode`, `stage1`, `stage2`, `stage3`, `features`, `evaluate`. */
  readonly step: string;
  /** Words for the person: `Stage 2 of 3, LoFi, epoch 4/12`. */
  readonly text: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly secondsLeft: number | null;
}

/** What the model being trained finds on one validation video now: shown while the training runs. */
export interface JobPreview {
  readonly videoId: string;
  /** Which run: `frozen`, `lofi`. */
  readonly series: string;
  /** Epoch of the head, from 1. */
  readonly epoch: number;
  /** The most confident ones, best first. */
  readonly segments: readonly ScoredSegment[];
}

/** One point of a live curve. */
export interface JobMetric {
  /** `loss`, `validationMap`, … */
  readonly name: string;
  /** Which run: `frozen`, `lofi`, `stage2`. */
  readonly series: string;
  readonly step: number;
  readonly value: number;
}

/** Figures of one stage, for the closing table. */
export interface StageFigures {
  readonly name: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** A finished model as the worker leaves it: a folder that holds `model.json` and `weights.safetensors`. */
export interface TrainedModel {
  readonly variant: 'frozen' | 'lofi';
  readonly folder: string;
  readonly bytes: number;
  /** On the validation videos; null where there are none. */
  readonly validation: { readonly averageMap: number; readonly map: Readonly<Record<string, number>> } | null;
  /** What it finds on the validation videos, by video. */
  readonly predictions: Readonly<Record<string, readonly ScoredSegment[]>>;
}

export interface TrainResult {
  readonly kind: 'train';
  readonly models: readonly TrainedModel[];
  /** Which of the two is better on held-out videos. */
  readonly kept: 'frozen' | 'lofi';
  /** Why, in words. */
  readonly reason: string;
  readonly stages: readonly StageFigures[];
  readonly engine: string;
}

export interface PredictResult {
  readonly kind: 'predict';
  readonly predictions: Readonly<Record<string, readonly ScoredSegment[]>>;
  readonly engine: string;
}

export interface CalibrateResult {
  readonly kind: 'calibrate';
  readonly rates: WorkRates;
  readonly engine: string;
}

export interface FetchResult {
  readonly kind: 'fetch';
  readonly folder: string;
  readonly encoder: string;
  /** Of the encoder's weights. */
  readonly bytes: number;
  /** Of the file that was fetched. */
  readonly sha256: string;
}

export interface EngineTestResult {
  readonly kind: 'engine-test';
  readonly engine: EngineInfo;
}

export type JobResult = TrainResult | PredictResult | CalibrateResult | FetchResult | EngineTestResult;

/** Worker → service, one JSON message each. Exactly one `done`, `failed` or `cancelled` ends it. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'metric'; readonly metric: JobMetric }
  | { readonly type: 'preview'; readonly preview: JobPreview }
  | { readonly type: 'checkpoint'; readonly path: string; readonly step: number }
  | { readonly type: 'log'; readonly level: 'info' | 'warning'; readonly text: string }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly error: ErrorInfo }
  | { readonly type: 'cancelled' };

/** Service → worker. */
export type WorkerCommand =
  | { readonly type: 'start'; readonly job: WorkerJob }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'cancel' };
