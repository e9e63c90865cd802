/**
 * The generated footage as MP4 files: H.264, constant frame rate, action boundaries exactly on frames.
 */
import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledSegment } from '#core/annotation/segment';
import { paintFrames, planVideos } from '#core/data/footage/footage';
import type { FootageCounts, FootageSubset } from '#core/data/footage/footage';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { writeVideo } from '#service/media/encode';
import { writeFileWhole } from '#service/media/file/wholeFiles';

/** One written video with its ground truth. */
export interface FootageFile {
  readonly name: string;
  readonly path: string;
  readonly subset: FootageSubset;
  readonly durationSec: number;
  readonly segments: readonly LabelledSegment[];
}

/** Watches the writing. */
export interface FootageWatch {
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/** Changes when the same seed gives other pictures: files of another version are written again. */
const FOOTAGE_VERSION = 2;

/**
 * Without lookahead: on pictures this small x264's AVX-512 lookahead reads past its planes, and the same frames gave other bytes each time.
 */
const ENCODER = { preset: 'veryfast', crf: 14, 'x264-params': 'no-mbtree=1:rc-lookahead=0' } as const;

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Writes the videos of a seed into a folder; those that are there already are kept. */
export async function writeFootage(
  folder: string,
  seed: number,
  counts: FootageCounts,
  watch: FootageWatch,
): Promise<FootageFile[]> {
  await mkdir(folder, { recursive: true });
  const stamp = JSON.stringify({ version: FOOTAGE_VERSION, seed, config: DEFAULT_FOOTAGE });
  const stampFile = join(folder, 'footage.json');
  if ((await readFile(stampFile, 'utf8').catch(() => '')) !== stamp) {
    // The stamp comes first, so that an interrupted writing goes on; a file is renamed into its place when it is whole.
    for (const name of await readdir(folder)) if (name.endsWith('.mp4')) await rm(join(folder, name));
    await writeFileWhole(stampFile, stamp);
  }
  const total = counts.training + counts.validation + counts.testing;
  const files: FootageFile[] = [];
  for (const video of planVideos(seed, counts)) {
    watch.signal.throwIfAborted();
    const path = join(folder, `${video.name}.mp4`);
    if (!(await isThere(path))) {
      await writeVideo(path, paintFrames(video), {
        width: video.side,
        height: video.side,
        fps: { num: video.framesPerSecond, den: 1 },
        encoderOptions: ENCODER,
        gop: 30,
        signal: watch.signal,
      });
    }
    const { name, subset, durationSec, segments } = video;
    files.push({ name, path, subset, durationSec, segments });
    watch.progress(files.length, total);
  }
  return files;
}
