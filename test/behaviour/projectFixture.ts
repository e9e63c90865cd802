/**
 * Rows for tests of the store: videos that were never decoded. Tests of media use real files.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ModelInfo } from '#core/contract/info';
import { STUDIO_CONFIG } from '#core/train/defaults';
import type { Store } from '#service/store/store';
import type { NewVideo } from '#service/store/videos';

/** A new folder for a test that writes thousands of steps: in memory where the system has such a place, as the disk may be slow. */
export function quickFolder(name: string): string {
  const memory = '/dev/shm';
  return fs.mkdtempSync(path.join(fs.existsSync(memory) ? memory : os.tmpdir(), `lofi-${name}-`));
}

/** A video of 60 s at 25 fps with a time base of 1/12800. */
export function newVideo(number: number, change: Partial<NewVideo> = {}): NewVideo {
  return {
    path: `/videos/video-${number}.mp4`,
    contentHash: `hash-${number}`,
    bytes: 1000,
    codec: 'h264',
    width: 320,
    height: 240,
    durationSec: 60,
    frameCount: 1500,
    timeBase: { num: 1, den: 12_800 },
    averageRate: { num: 25, den: 1 },
    startPts: 0,
    hasAudio: false,
    playable: true,
    badges: [],
    id: `v${number}`,
    ...change,
  };
}

/** A model that was never trained, for tests that need its predictions. */
export function addModel(store: Store, dir: string): ModelInfo {
  const model = store.models.add({
    name: 'Model 1',
    variant: 'lofi',
    parentId: null,
    jobId: null,
    labels: ['jump'],
    config: STUDIO_CONFIG,
    bytes: 1,
    validation: null,
    stages: [],
    folder: `${dir}/models/none`,
    engine: 'none',
    snapshot: { videos: 0, segments: 0, revision: 0 },
  });
  return store.models.use(model.id);
}

/** Everything that a document says, in an order of its own: what tests compare. */
export function contentOf(store: Store): unknown {
  const { document, predictions, videos } = store;
  const byId = <T extends { readonly id: string }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    labels: byId(document.labels()),
    videos: byId(videos.all()).map((video) => ({
      id: video.id,
      subset: video.subset,
      covered: document.covered(video.id),
      coveredShare: video.coveredShare,
      segmentCount: video.segmentCount,
      open: video.predictionCount,
      segments: byId(document.segmentsOfVideo(video.id)),
      predictions: byId(predictions.ofVideo(video.id, null, 0)),
    })),
    labelCounts: byId(document.labelInfos()).map((label) => label.segmentCount),
    counts: predictions.counts(null),
  };
}
