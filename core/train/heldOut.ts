/**
 * What a model finds in videos, and how good that is on those that were held out.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { detectionsInSeconds, isCovered } from '#core/data/grid';
import { detectSliding } from '#core/infer/slidingDetections';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import type { ScoredSegment } from '#core/annotation/segment';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import type { VideoFeatures } from './extract.ts';
import type { TrainedModel } from './job.ts';

/** Detections of videos from their features, in seconds. */
export async function detectVideos(
  environment: Pick<TrainEnvironment, 'detector' | 'engine'>,
  parameters: TensorMap,
  videos: readonly TimedVideo[],
  features: ReadonlyMap<string, VideoFeatures>,
  labels: readonly string[],
  windowSnippets: number,
): Promise<Record<string, ScoredSegment[]>> {
  await environment.engine.useHeadBackend();
  const result: Record<string, ScoredSegment[]> = {};
  for (const video of videos) {
    const { plan, features: rows } = features.get(video.id)!;
    const detections = await detectSliding(
      environment.detector,
      parameters,
      rows,
      plan.snippets,
      windowSnippets,
    );
    const range = { startSec: video.timing.frameSec[0] ?? 0, endSec: video.timing.endSec };
    result[video.id] = detectionsInSeconds(detections, labels, plan, range);
  }
  return result;
}

/** What was found in a video, in time that somebody looked at. */
export function inCoveredTime(
  { id, covered }: Pick<TimedVideo, 'id' | 'covered'>,
  predictions: Readonly<Record<string, readonly ScoredSegment[]>>,
): ScoredSegment[] {
  return (predictions[id] ?? []).filter((segment) => isCovered(segment, covered));
}

/** mAP of detections against the videos' labels, in time that somebody looked at; null without videos that have labels. */
export function scoreDetections(
  videos: readonly Pick<TimedVideo, 'id' | 'segments' | 'covered'>[],
  predictions: Readonly<Record<string, readonly ScoredSegment[]>>,
): TrainedModel['validation'] {
  const truth = Object.fromEntries(videos.map((video) => [video.id, [...video.segments]]));
  if (videos.every((video) => video.segments.length === 0)) return null;
  const own = Object.fromEntries(videos.map((video) => [video.id, inCoveredTime(video, predictions)]));
  const { averageMap, map } = evaluateDetections(truth, own, tiousOf('activitynet'));
  return { averageMap, map };
}
