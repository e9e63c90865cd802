/**
 * What a job works on, frozen when it is queued: a resumed training sees the same labels and segments, whatever was edited since.
 *
 * The snapshot of a training lies beside its checkpoints as `job.json`; only paths of moved videos are brought up to date.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { VideoInfo } from '#core/contract/info';
import type { JobVideo, TrainJob } from '#core/train/job';
import { ptsToSeconds } from '#service/store/seconds';
import type { Store } from '#service/store/store';

/** Files of a job's folder. */
const SNAPSHOT = 'job.json';

/** A video with its labels as a worker sees it. Point events and ignored regions are no training segments. */
export function jobVideo(store: Store, video: VideoInfo, modelIds: readonly string[] = []): JobVideo {
  const labels = new Map(store.document.labels().map((label) => [label.id, label]));
  const segments = store.document.segmentsOfVideo(video.id);
  const real = segments.filter((segment) => segment.endPts > segment.startPts);
  const ignored = real.filter((segment) => labels.get(segment.labelId)?.ignore === true);
  const ranges = store.document.covered(video.id).map((range) => ({
    startSec: ptsToSeconds(range.startPts, video),
    endSec: ptsToSeconds(range.endPts, video),
  }));
  const rejected = modelIds.flatMap((modelId) =>
    store.predictions
      .ofVideo(video.id, modelId, 0)
      .filter((prediction) => prediction.review === 'rejected')
      .map(({ startSec, endSec, labelId }) => ({
        startSec,
        endSec,
        label: labels.get(labelId)?.name ?? labelId,
      })),
  );
  // Where only predictions were rejected, nobody said that the rest is empty.
  const isRejectedOnly = rejected.length > 0 && segments.length === 0 && ranges.length === 0;
  // Ignored regions are neither positive nor negative: they are cut out of what is covered.
  const whole =
    ranges.length === 0 && !isRejectedOnly ? [{ startSec: 0, endSec: video.durationSec }] : ranges;
  const covered = ignored.reduce(
    (list, hole) =>
      list.flatMap((range) => [
        ...(range.startSec < hole.startSec
          ? [{ startSec: range.startSec, endSec: Math.min(range.endSec, hole.startSec) }]
          : []),
        ...(range.endSec > hole.endSec
          ? [{ startSec: Math.max(range.startSec, hole.endSec), endSec: range.endSec }]
          : []),
      ]),
    whole,
  );
  return {
    id: video.id,
    path: video.path,
    contentHash: video.contentHash,
    framePixels: video.width * video.height,
    subset: video.subset,
    segments: real
      .filter((segment) => labels.get(segment.labelId)?.ignore !== true)
      .map(({ startSec, endSec, labelId }) => ({
        startSec,
        endSec,
        label: labels.get(labelId)?.name ?? labelId,
      })),
    ...(ranges.length > 0 || ignored.length > 0 || isRejectedOnly ? { covered } : {}),
    ...(rejected.length > 0 ? { rejected } : {}),
  };
}

/**
 * Whether a video takes part in training: it has segments, somebody said that there are none, or, to learn from, something was rejected in it.
 *
 * @param withRejected ids of the videos that hold rejected predictions
 */
export function takesPart(video: VideoInfo, withRejected: ReadonlySet<string>): boolean {
  if (video.subset === 'testing') return false;
  return (
    video.segmentCount > 0 ||
    video.coveredShare > 0 ||
    (video.subset === 'training' && withRejected.has(video.id))
  );
}

/** Writes a file so that it is whole or absent. */
export function writeWholeSync(file: string, text: string): void {
  const temporary = `${file}.part`;
  const handle = fs.openSync(temporary, 'w');
  try {
    fs.writeSync(handle, text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(temporary, file);
}

/** Keeps a training's snapshot in its folder. */
export function saveSnapshot(folder: string, job: TrainJob): void {
  fs.mkdirSync(folder, { recursive: true });
  writeWholeSync(path.join(folder, SNAPSHOT), JSON.stringify(job));
}

/** The snapshot with today's paths. @throws StudioError `damaged` when it is gone */
export function loadSnapshot(store: Store, folder: string, resume: boolean): TrainJob {
  let job: TrainJob;
  try {
    job = JSON.parse(fs.readFileSync(path.join(folder, SNAPSHOT), 'utf8')) as TrainJob;
  } catch (error) {
    throw new StudioError(
      'damaged',
      `${path.join(folder, SNAPSHOT)} cannot be read: this training cannot go on. Start a new one.`,
      { path: folder },
      { cause: error },
    );
  }
  return {
    ...job,
    videos: job.videos.map((video) => ({ ...video, path: store.videos.get(video.id)?.path ?? video.path })),
    folders: { cache: store.layout.cache, output: folder },
    resume,
  };
}
