/**
 * A file becomes a video of the project: hashed, indexed, described. Decodes nothing that the frame index does not need.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { Rational } from '#core/contract/info';
import { contentHash } from '#service/media/contentHash';
import { openFrameIndex } from '#service/media/indexCache';
import { describeSource } from '#service/media/probe';
import { checkFile, openSource } from '#service/media/source';
import type { NewVideo } from '#service/store/videos';

/** Endings that folders are searched for; a file that is named itself may have any. */
export const VIDEO_ENDINGS: ReadonlySet<string> = new Set(
  '.mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .mts .m2ts .wmv .flv .ogv .3gp .mxf .gif'.split(' '),
);

function ratio(text: string): Rational {
  const [num, den] = text.split('/').map(Number);
  return { num: num ?? 0, den: den ?? 1 };
}

/** Files stay, folders become the videos inside them (one level). */
export function expandFolders(paths: readonly string[]): string[] {
  return paths.flatMap((name) => {
    const file = path.resolve(name);
    if (!fs.existsSync(file) || !fs.statSync(file).isDirectory()) return [file];
    return fs
      .readdirSync(file, { withFileTypes: true })
      .filter((entry) => entry.isFile() && VIDEO_ENDINGS.has(path.extname(entry.name).toLowerCase()))
      .map((entry) => path.join(file, entry.name))
      .sort();
  });
}

/**
 * Reads what a project keeps of a file.
 *
 * @param cache the project's cache folder
 * @throws StudioError `not-found`, `bad-input` naming the file
 */
export async function readVideo(file: string, cache: string, signal?: AbortSignal): Promise<NewVideo> {
  checkFile(file);
  const hash = await contentHash(file);
  const index = await openFrameIndex(file, path.join(cache, 'index'), {
    known: hash,
    ...(signal === undefined ? {} : { signal }),
  });
  const source = openSource(file);
  try {
    const probe = describeSource(source, index);
    const startPts = index.pts[0];
    if (startPts === undefined) throw new StudioError('bad-input', `${file} has no frames.`, { path: file });
    return {
      path: file,
      contentHash: hash,
      bytes: fs.statSync(file).size,
      codec: probe.codec,
      width: probe.width,
      height: probe.height,
      durationSec: probe.durationSec,
      frameCount: probe.frameCount,
      timeBase: index.timeBase,
      averageRate: ratio(probe.avgFps),
      startPts,
      endPts: index.endPts,
      hasAudio: probe.hasAudio,
      playable: probe.playable,
      badges: probe.badges,
    };
  } finally {
    source.close();
  }
}
