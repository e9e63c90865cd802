/**
 * Before a training: what it would train on, what it needs, and what is missing, in words. Train is disabled exactly when there are blockers.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { constantTiming } from '#core/data/snippets';
import type { EngineName } from '#core/compute/engine';
import { secondsOf, trainingWork } from '#core/train/work';
import type { WorkRates } from '#core/train/job';
import type { WorkStep } from '#core/train/work';
import type { TrainConfig } from '#core/train/config';
import { memoryEstimate } from '#core/train/memory';
import type { Estimators, Material } from '#core/train/planner';
import { encoderByName } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { STUDIO_CONFIG } from '#core/train/defaults';
import { cardProblem, type EncoderCard } from '#core/train/modelCard';
import type { TimedVideo } from '#core/train/environment';
import { StudioError } from '#core/contract/errors';
import type { EngineInfo, PreflightInfo, Subset, VideoInfo } from '#core/contract/info';
import type { TrainRequest } from '#core/contract/invoke';
import { ptsToSeconds } from '#service/store/seconds';
import type { Store } from '#service/store/store';
import { planTraining } from './plan.ts';
import { takesPart } from './snapshot.ts';

/** What this machine was measured to do with a configuration; null before the first calibration. */
export type KnownRates = (config: TrainConfig) => WorkRates | null;

const MODEL_BYTES = 12e6;

/** The encoder that a training starts from; a model's own where one goes on learning. */
function specOf(encoder: string | null): EncoderSpec {
  if (encoder === null) return encoderByName(STUDIO_CONFIG.encoder);
  const card: unknown = JSON.parse(fs.readFileSync(path.join(encoder, 'model.json'), 'utf8'));
  const problem = cardProblem(card);
  if (problem !== null) {
    throw new StudioError(
      'damaged',
      `${path.join(encoder, 'model.json')}: ${problem}. Choose another model.`,
    );
  }
  return (card as EncoderCard).spec;
}

/** What the planner is told of the project: times, rates and sizes. */
function materialOf(store: Store, videos: readonly VideoInfo[]): Material {
  const ignored = new Set(store.document.labels().flatMap((label) => (label.ignore ? [label.id] : [])));
  return {
    segmentsSec: videos.flatMap((video) =>
      store.document
        .segmentsOfVideo(video.id)
        .filter((segment) => segment.endPts > segment.startPts && !ignored.has(segment.labelId))
        .map((segment) => ptsToSeconds(segment.endPts, video) - ptsToSeconds(segment.startPts, video)),
    ),
    videos: videos.map((video) => ({
      durationSec: video.durationSec,
      framesPerSecond: video.averageRate.num / video.averageRate.den,
      side: Math.min(video.width, video.height),
      isTraining: video.subset === 'training',
    })),
  };
}

function timed(videos: readonly VideoInfo[]): TimedVideo[] {
  return videos.map((video) => ({
    id: video.id,
    path: video.path,
    contentHash: video.contentHash,
    framePixels: video.width * video.height,
    subset: video.subset,
    segments: [],
    timing: constantTiming(video.frameCount, video.averageRate.num / video.averageRate.den),
  }));
}

/** Seconds of a training on videos of the project. */
export function trainingSeconds(config: TrainConfig, videos: readonly VideoInfo[], rates: WorkRates): number {
  return secondsOf(config, timed(videos), rates);
}

/** Estimates for a set of videos on this machine. */
export function estimatorsFor(
  videos: readonly VideoInfo[],
  known: KnownRates,
  spec: EncoderSpec,
  engine: EngineName | undefined,
): Estimators {
  return {
    seconds: (config) => {
      const rates = known(config);
      return rates === null ? null : trainingSeconds(config, videos, rates);
    },
    memoryBytes: (config) => memoryEstimate(config, spec, os.availableParallelism(), engine),
  };
}

/** Decoded frames, features, checkpoints and the two models. */
export function diskBytes(config: TrainConfig, videos: readonly VideoInfo[]): number {
  const { snippets, framesPerSnippet, side, mode } = config.sampling;
  const frames = videos.reduce(
    (sum, video) =>
      sum +
      (mode === 'sliding' ? video.frameCount : Math.min(video.frameCount, snippets * framesPerSnippet * 3)),
    0,
  );
  return frames * side * side * 3 + MODEL_BYTES * 6;
}

/** Work of a training on videos of the project. */
export function workOf(config: TrainConfig, videos: readonly VideoInfo[]): WorkStep[] {
  return trainingWork(config, timed(videos));
}

/** Ids of the videos that a training would use. */
export function trainingVideos(store: Store): VideoInfo[] {
  const withRejected = store.predictions.videosWithRejected();
  return store.videos.all().filter((video) => takesPart(video, withRejected));
}

/** Plans and checks. */
export function preflight(
  store: Store,
  request: TrainRequest,
  encoder: string | null,
  engines: readonly EngineInfo[],
  known: KnownRates,
): PreflightInfo {
  const videos = trainingVideos(store);
  // An encoder from a folder, as fetched weights are, has another size than the shipped one, and other rates.
  const { encoder: own } = request.expert;
  const isFolder = typeof own === 'string' && fs.existsSync(path.join(own, 'model.json'));
  const spec = specOf(isFolder ? own : encoder);
  const engine = engines.find((each) => each.chosen) ?? engines.find((each) => each.available);
  const estimate = estimatorsFor(videos, known, spec, engine?.name);
  const plan = planTraining(request, encoder, estimate, materialOf(store, videos), spec);
  const { config } = plan;
  const counts: Record<Subset, number> = { training: 0, validation: 0, testing: 0 };
  for (const video of videos) counts[video.subset] += 1;
  counts.testing = store.videos.all().filter((video) => video.subset === 'testing').length;

  const perLabel = new Map<string, number>();
  for (const video of videos.filter((each) => each.subset === 'training')) {
    for (const segment of store.document.segmentsOfVideo(video.id)) {
      if (segment.endPts > segment.startPts)
        perLabel.set(segment.labelId, (perLabel.get(segment.labelId) ?? 0) + 1);
    }
  }
  const labels = store.document.labels();
  const segmentsPerLabel = labels.map((label) => {
    const count = perLabel.get(label.id) ?? 0;
    return { labelId: label.id, name: label.name, count, used: !label.ignore && count > 0 };
  });
  const used = segmentsPerLabel.filter((label) => label.used);

  const blockers: string[] = [];
  const warnings: string[] = [];
  if (store.readOnlyReason !== null) blockers.push(`The project cannot be changed. ${store.readOnlyReason}`);
  if (store.videos.count() === 0) blockers.push('There are no videos. Add some.');
  else if (labels.length === 0) blockers.push('There are no labels. Create one for each kind of action.');
  else if (used.length === 0) {
    blockers.push(
      'No training video has a segment. Mark when actions start and end in at least one video of the training subset.',
    );
  }
  for (const video of videos) {
    if (!fs.existsSync(video.path))
      blockers.push(`${video.name} is not where it was (${video.path}). Find it again or remove it.`);
  }
  if (engine === undefined && engines.length > 0) {
    blockers.push(
      `No compute engine runs here. ${engines.map((each) => `${each.title}: ${each.reason ?? 'unavailable'}`).join(' ')}`,
    );
  }
  if (counts.validation === 0 && used.length > 0) {
    warnings.push(
      'No video is set aside for validation: a part of the training videos is held out to choose the better model. Put some labelled videos into the validation subset to measure on whole ones.',
    );
  }
  for (const label of used) {
    if (label.count < 5)
      warnings.push(
        `"${label.name}" has only ${label.count} segment${label.count === 1 ? '' : 's'}; ten or more work better.`,
      );
  }
  for (const label of segmentsPerLabel) {
    const { ignore } = labels.find((each) => each.id === label.labelId) ?? { ignore: false };
    if (label.count === 0 && !ignore)
      warnings.push(`"${label.name}" has no segments in training videos and will not be learned.`);
  }
  const memoryBytes = estimate.memoryBytes(config);
  if (memoryBytes > os.totalmem() * 0.9) {
    warnings.push(
      'The training may need more memory than this machine has. Choose speed, or a memory limit.',
    );
  }
  const disk = diskBytes(config, videos);
  const free = fs.statfsSync(store.layout.dir);
  if (free.bavail * free.bsize < disk) {
    blockers.push(
      `The disk has ${Math.floor((free.bavail * free.bsize) / 1e6)} MB free; the training needs about ${Math.ceil(disk / 1e6)} MB.`,
    );
  }
  return {
    config,
    videos: counts,
    segmentsPerLabel,
    segmentCount: used.reduce((sum, label) => sum + label.count, 0),
    coveredSec: videos.reduce(
      (sum, video) => sum + video.durationSec * (video.coveredShare > 0 ? video.coveredShare : 1),
      0,
    ),
    estimate: { seconds: estimate.seconds(config), memoryBytes, diskBytes: disk, measuring: false },
    engine: engine?.title ?? null,
    blockers,
    warnings,
    choices: plan.choices,
  };
}
