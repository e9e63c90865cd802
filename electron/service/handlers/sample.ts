/**
 * The sample project: generated footage with labels, so that a newcomer can press every button before adding videos of their own.
 *
 * Generated when it is opened for the first time (it is cheaper to make than to ship), into a temporary folder that is renamed when it is whole.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DEFAULT_FOOTAGE, type FootageConfig } from '#core/data/footage/plan';
import { paintFrames, planVideos, type FootageCounts } from '#core/data/footage/footage';
import { writeVideo } from '#service/media/encode';
import { createMedia } from '#service/media/service';
import { applyEdits, nextColour } from '#service/store/annotate';
import { secondsToPts } from '#service/store/seconds';
import { createProject } from '#service/store/store';
import { readVideo } from './ingest.ts';

const SEED = 7;
const COUNTS = { training: 8, validation: 3, testing: 3 };
const FOOTAGE = { ...DEFAULT_FOOTAGE, side: 128, durationSec: [30, 45] as const };

/** What the generated project holds. */
export interface SampleOptions {
  readonly name?: string;
  readonly counts?: FootageCounts;
  readonly footage?: FootageConfig;
}

/** Makes the sample project in a folder that does not exist yet. Videos of the testing subset are left for the model to label. */
export async function fillSample(
  dir: string,
  { name: title = 'Sample', counts = COUNTS, footage = FOOTAGE }: SampleOptions = {},
): Promise<void> {
  const work = `${dir}.part`;
  fs.rmSync(work, { recursive: true, force: true });
  const store = createProject(work, title);
  const media = createMedia({ cacheFolder: store.layout.cache });
  try {
    const folder = path.join(work, 'videos');
    fs.mkdirSync(folder);
    const planned = [...planVideos(SEED, counts, footage)];
    const names = [
      ...new Set(planned.flatMap((video) => video.segments.map((segment) => segment.label))),
    ].sort();
    const labels = names.map((name, index) => ({
      id: name,
      name,
      colour: nextColour(index),
      key: index < 9 ? String(index + 1) : null,
      parentId: null,
      description: '',
      ignore: false,
    }));
    applyEdits(store, [{ type: 'add-labels', labels }], { annotator: 'sample' }, 'Add labels of the sample');
    for (const video of planned) {
      const file = path.join(folder, `${video.name}.mp4`);
      await writeVideo(file, paintFrames(video), {
        width: video.side,
        height: video.side,
        fps: { num: video.framesPerSecond, den: 1 },
        encoderOptions: { crf: 20, preset: 'veryfast' },
      });
      const [info] = store.videos.add([
        { ...(await readVideo(file, media)), id: video.name, subset: video.subset },
      ]);
      const clock = info === undefined ? undefined : store.document.video(info.id);
      if (
        info === undefined ||
        clock === undefined ||
        video.subset === 'testing' ||
        video.segments.length === 0
      )
        continue;
      applyEdits(
        store,
        [
          {
            type: 'add-segments',
            segments: video.segments.map((segment, index) => ({
              id: `${video.name}-${index}`,
              videoId: info.id,
              labelId: segment.label,
              startPts: secondsToPts(segment.startSec, clock),
              endPts: Math.min(clock.endPts, secondsToPts(segment.endSec, clock)),
              note: '',
              attributes: {},
            })),
          },
          {
            type: 'set-covered',
            videoId: info.id,
            ranges: [{ startPts: clock.startPts, endPts: clock.endPts }],
          },
        ],
        { annotator: 'sample' },
        `Label ${video.name}`,
      );
      // Lets calls through between videos.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    media.dispose();
    store.close();
  }
  fs.renameSync(work, dir);
}
