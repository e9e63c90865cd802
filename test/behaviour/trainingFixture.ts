/**
 * Tiny footage and a tiny training for tests of whole trainings: four videos to learn from, one to measure on, one that nobody has seen.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import type { TrainConfig } from '#core/train/config';
import { DEMO_CONFIG } from '#core/train/defaults';
import type { JobVideo, TrainJob, TrainResult, WorkerMessage } from '#core/train/job';
import { contentHash } from '#service/media/file/contentHash';
import { writeVideo } from '#service/media/encode';
import { runJob } from '#worker/runJob';

const FOOTAGE = {
  ...DEFAULT_FOOTAGE,
  side: 32,
  durationSec: [11, 14],
  actionSec: [1.5, 4],
  gapSec: [1, 2],
} as const;

/** A training of seconds. */
export const SMALL_TRAINING: TrainConfig = {
  ...DEMO_CONFIG,
  seed: 3,
  sampling: { snippets: 16, framesPerSnippet: 8, side: 32, mode: 'resize', strideFrames: 1 },
  lofi: {
    ...DEMO_CONFIG.lofi,
    epochs: 1,
    windowEpochs: 1,
    headWarmupEpochs: 1,
    windowBatch: 2,
    heldOutLooks: 1,
  },
  head: { ...DEMO_CONFIG.head, epochs: 3, batch: 2, validateEvery: 1 },
};

/** What a test changes of a training. */
export interface TrainOptions {
  readonly config?: TrainConfig;
  readonly resume?: boolean;
  readonly videos?: readonly JobVideo[];
  readonly signal?: AbortSignal;
  readonly report?: (message: WorkerMessage) => void;
}

/** The footage of a test file, and trainings on it. */
export interface TrainingBench {
  /** A path inside the file's own folder. */
  readonly at: (...parts: string[]) => string;
  readonly videos: readonly JobVideo[];
  /** A training with a cache of its own, so that features of one run do not help another. */
  readonly job: (name: string, options?: Pick<TrainOptions, 'config' | 'resume' | 'videos'>) => TrainJob;
  /** Runs it in this process. */
  readonly train: (name: string, options?: TrainOptions) => Promise<TrainResult>;
  readonly weightsOf: (name: string, variant: string) => Promise<Buffer>;
}

/** Writes the footage before a file's tests and removes everything after them. */
export function useTrainings(): TrainingBench {
  let root = '';
  const videos: JobVideo[] = [];
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'lofi-training-'));
    const planned = [
      ...[0, 1, 2, 3].map((index) => planVideo(1, 'training', index, FOOTAGE)),
      planVideo(1, 'validation', 0, FOOTAGE),
      planVideo(1, 'testing', 0, FOOTAGE),
    ];
    for (const video of planned) {
      const file = path.join(root, `${video.name}.mp4`);
      await writeVideo(file, paintFrames(video), { width: 32, height: 32, fps: { num: 6, den: 1 } });
      const { subset, segments } = video;
      videos.push({ id: video.name, path: file, contentHash: await contentHash(file), subset, segments });
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const job: TrainingBench['job'] = (name, options = {}) => ({
    kind: 'train',
    jobId: name,
    config: options.config ?? SMALL_TRAINING,
    labels: [...TARGET_CLASSES],
    videos: options.videos ?? videos,
    folders: { cache: path.join(root, `cache-${name}`), output: path.join(root, name) },
    engine: 'onnx',
    resume: options.resume ?? false,
  });
  return {
    at: (...parts) => path.join(root, ...parts),
    videos,
    job,
    train: async (name, options = {}) => {
      const { signal = new AbortController().signal, report = () => undefined } = options;
      return (await runJob(job(name, options), { signal, report })) as TrainResult;
    },
    weightsOf: (name, variant) => readFile(path.join(root, name, variant, 'weights.safetensors')),
  };
}
