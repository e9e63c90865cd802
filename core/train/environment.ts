/**
 * What a training needs from outside: engine, head, frames, places to keep things, and somebody to report to.
 *
 * The stages are pure; the worker gives them files, tests give them maps.
 */
import type { ComputeEngine } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { FrameSource } from '#core/data/assemble';
import type { VideoTiming } from '#core/data/snippets';
import type { Detector } from '#core/model/detector';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { JobMetric, JobPreview, JobVideo } from './job.ts';

/** A video with its frame times. */
export interface TimedVideo extends JobVideo {
  readonly timing: VideoTiming;
}

/** A point from which a training goes on exactly. */
export interface Checkpoint {
  readonly tensors: TensorMap;
  /** Plain JSON: steps, optimiser counts, the head's state. */
  readonly meta: CheckpointMeta;
}

/** The part of a checkpoint that is not tensors. */
export interface CheckpointMeta {
  /** Where it stands. */
  readonly step: number;
  /** True when the stage ended. */
  readonly finished: boolean;
  /** Stage-specific numbers. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Keeps checkpoints by name; what is there is always whole. */
export interface CheckpointStore {
  load(name: string): Promise<Checkpoint | null>;
  save(name: string, checkpoint: Checkpoint): Promise<void>;
}

/** Keeps features by key; may forget at any time. */
export interface FeatureStore {
  load(key: string): Promise<Float32Array | null>;
  save(key: string, features: Float32Array): Promise<void>;
}

/** Progress and control of a running job. */
export interface RunControl {
  /**
   * Called between batches: lets messages in and waits while paused.
   *
   * `save` writes a checkpoint of this very moment; it is called before the job rests or ends, and from time to time.
   * @throws StudioError `cancelled`
   */
  breathe(save?: () => Promise<void>): Promise<void>;
  /** Sets the step that runs now (`stage2`), in words, and how far it is. */
  progress(step: string, text: string, done: number, total: number, unit: string): void;
  metric(metric: JobMetric): void;
  preview(preview: JobPreview): void;
  log(level: 'info' | 'warning', text: string): void;
}

/** Everything a stage works with. */
export interface TrainEnvironment {
  readonly engine: ComputeEngine;
  readonly spec: EncoderSpec;
  readonly detector: Detector;
  readonly frames: FrameSource;
  readonly checkpoints: CheckpointStore;
  readonly features: FeatureStore;
  readonly control: RunControl;
}
