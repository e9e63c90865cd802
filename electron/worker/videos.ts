/**
 * The job's videos made ready: opened, indexed, and the frames that the job needs decoded into the cache.
 */
import { join } from 'node:path';
import { fidelityNamed } from '#core/data/fidelity';
import { neededFrames, planSnippets } from '#core/data/snippets';
import type { SnippetPlan, VideoTiming } from '#core/data/snippets';
import type { LofiConfig, SamplingConfig } from '#core/train/config';
import type { TimedVideo } from '#core/train/environment';
import type { JobVideo } from '#core/train/job';
import { openFrameIndex } from '#service/media/index/indexCache';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { requireUnchanged } from '#service/media/file/relink';
import type { JobControl } from './control.ts';
import type { FrameCache } from './frameCache.ts';

/** Times of frames in seconds from the first one, as everywhere in a project. */
export function timingOf(index: FrameIndex): VideoTiming {
  const first = index.pts[0] ?? 0;
  const tick = index.timeBase.num / index.timeBase.den;
  return {
    frameSec: index.pts.map((pts) => (pts - first) * tick),
    endSec: (index.endPts - first) * tick,
  };
}

/** A video with its index. */
export interface IndexedVideo extends TimedVideo {
  readonly index: FrameIndex;
}

/** Opens every video. @throws StudioError `not-found`, `bad-input` with the file's name: missing, changed since it was added, not readable */
export async function indexVideos(
  videos: readonly JobVideo[],
  cache: string,
  control: JobControl,
  signal: AbortSignal,
): Promise<IndexedVideo[]> {
  const result: IndexedVideo[] = [];
  for (const video of videos) {
    await control.breathe();
    await requireUnchanged({ path: video.path, contentHash: video.contentHash });
    const index = await openFrameIndex(video.path, join(cache, 'index'), {
      signal,
      known: video.contentHash,
    });
    result.push({ ...video, index, timing: timingOf(index) });
  }
  return result;
}

/** Every plan that stage 2 may ask for; without it only full fidelity. */
export function plansOf(video: TimedVideo, sampling: SamplingConfig, lofi: LofiConfig | null): SnippetPlan[] {
  const full = planSnippets(video.timing, sampling);
  if (lofi === null || video.subset !== 'training') return [full];
  const plans = [full];
  for (const name of ['t', 'st'] as const) {
    const isUsed = lofi.schedule === name || lofi.schedule.endsWith('cyclic');
    if (isUsed) {
      plans.push(
        planSnippets(video.timing, sampling, { temporalFactor: fidelityNamed(lofi, name).temporalFactor }),
      );
    }
  }
  return plans;
}

/**
 * Starts the decoding of what is needed, one video after the other in a thread beside compute.
 *
 * @returns when the first video is there; who reads a later one from the cache waits for it, and is told what went wrong with it
 */
export async function decodeVideos(
  videos: readonly IndexedVideo[],
  cache: FrameCache,
  sampling: SamplingConfig,
  lofi: LofiConfig | null,
  control: JobControl,
  signal: AbortSignal,
): Promise<void> {
  await control.breathe();
  const prepared = videos.map((video) => {
    const jitter = video.subset === 'training' ? (lofi?.augment?.timeFrames ?? 0) : 0;
    const frames = neededFrames(plansOf(video, sampling, lofi), video.timing.frameSec.length, jitter);
    const ready = cache.prepare({ ...video, frames }, signal);
    ready.catch(() => undefined);
    return ready;
  });
  await prepared[0];
  control.progress('decode', 'Decoding', 1, 1, 'videos');
}
