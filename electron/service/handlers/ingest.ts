/**
 * A file becomes a video of the project: hashed, indexed, described. Decodes nothing that the frame index does not need.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { MediaService } from '#service/media/service';
import type { NewVideo } from '#service/store/videos';

/** What reading a video asks of the media. */
export type MediaReader = Pick<MediaService, 'contentHash' | 'probe' | 'frameIndex'>;

/** Endings that folders are searched for; a file that is named itself may have any. */
export const VIDEO_ENDINGS: ReadonlySet<string> = new Set(
  '.mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .mts .m2ts .wmv .flv .ogv .3gp .mxf .gif'.split(' '),
);

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
 * Reads what a project keeps of a file, in the media's own process.
 *
 * @throws StudioError `not-found`, `bad-input` naming the file
 */
export async function readVideo(file: string, media: MediaReader, signal?: AbortSignal): Promise<NewVideo> {
  const options = signal === undefined ? {} : { signal };
  const hash = await media.contentHash(file);
  const probe = await media.probe(file, options);
  const index = await media.frameIndex(file, options);
  const startPts = index.pts[0];
  if (startPts === undefined) throw new StudioError('bad-input', `${file} has no frames.`, { path: file });
  if (index.pts.length === 1) {
    throw new StudioError(
      'bad-input',
      `${file} is a single picture: nothing starts or ends in it. Add a video of two frames or more.`,
      { path: file },
    );
  }
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
    averageRate: index.averageRate,
    startPts,
    endPts: index.endPts,
    hasAudio: probe.hasAudio,
    playable: probe.playable,
    badges: probe.badges,
  };
}
