/**
 * Proxies: a short-GOP H.264 copy that Chromium plays and seeks well, with the original's sound, in which every frame keeps its PTS. Checked after
 * it is made.
 *
 * Training, export and the picture that stays while paused always come from the original: a proxy's picture only stands in until that is there.
 */
import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StudioError } from '#core/contract/errors';
import { addSound } from './sound.ts';
import { createFrameReader } from '#service/media/decode/decodePass';
import { partOf, writeVideo } from '#service/media/encode';
import { buildFrameIndex, type FrameIndex } from '#service/media/index/frameIndex';
import { createPictureMaker } from '#service/media/decode/picture';
import { locate } from '#service/media/decode/sample';
import { openDecoder, openSource, threadsFor } from '#service/media/file/source';

/** A proxy is at most this high: as high as the picture mostly is beside the panels. */
const MAX_HEIGHT = 720;
/** Nearly no loss: beside the original nobody tells them apart at a glance. */
const CRF = 18;
const GOP = 12;

/** A multiple of the time base's rate: Chromium rounds seeks to the track's ticks, and lands on the next key frame where these are coarse. */
function fineScale(ticksPerSecond: number): number {
  let scale = ticksPerSecond;
  while (scale < 10_000) scale *= 2;
  return scale;
}

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);

/**
 * Times of the proxy's frames, in ticks that an MP4 can hold (a whole number a second): the original's. Frames of the original that share a time follow
 * one another within its tick. An MP4 cannot begin before zero: where the original does, all is later by so much.
 */
function proxyTimes(index: FrameIndex): {
  pts: number[];
  endPts: number;
  timeBase: { num: number; den: number };
  laterSec: number;
} {
  const { num, den } = index.timeBase;
  let longest = 1;
  const places: number[] = [];
  index.pts.forEach((time, i) => {
    places.push(time === index.pts[i - 1] ? places[i - 1]! + 1 : 0);
    longest = Math.max(longest, places[i]! + 1);
  });
  const fine = num * longest;
  const later = Math.max(0, -index.pts[0]!);
  const pts = places.map((place, i) => (index.pts[i]! + later) * fine + place);
  return {
    pts,
    endPts: Math.max(pts.at(-1)! + 1, (index.endPts + later) * fine),
    timeBase: { num: 1, den: den * longest },
    laterSec: (later * num) / den,
  };
}

/**
 * Writes a proxy of the whole video.
 *
 * @throws StudioError `damaged` when the proxy's frames do not have the original's times, `out-of-space` when it becomes larger than allowed
 */
export async function makeProxy(
  path: string,
  index: FrameIndex,
  out: string,
  {
    maxBytes = Infinity,
    onWork,
  }: { readonly maxBytes?: number; readonly onWork?: (share: number) => void } = {},
): Promise<{ frames: number }> {
  const source = openSource(path);
  const { codecpar } = source.stream;
  const decoder = openDecoder(
    source,
    index.identity === 'pts' ? threadsFor(codecpar.width, codecpar.height) : 1,
  );
  const maker = createPictureMaker(source.orientation, source.pixelAspect);
  const reader = createFrameReader(source, decoder, index.identity);
  const turned = source.orientation.a === 0;
  const shownWidth = (codecpar.width * source.pixelAspect.num) / source.pixelAspect.den;
  const [fullWidth, fullHeight] = turned ? [codecpar.height, shownWidth] : [shownWidth, codecpar.height];
  const factor = Math.min(1, MAX_HEIGHT / fullHeight);
  const width = even(fullWidth * factor);
  const height = even(fullHeight * factor);
  const { pts, endPts, timeBase, laterSec } = proxyTimes(index);
  const temporary = out.replace(/\.mp4$/, '.making.mp4');
  const withSound = out.replace(/\.mp4$/, '.sound.mp4');
  const containerOptions = { movflags: '+faststart', video_track_timescale: fineScale(timeBase.den) };

  const checkSize = (): void => {
    const bytes = statSync(partOf(temporary), { throwIfNoEntry: false })?.size ?? 0;
    if (bytes <= maxBytes) return;
    throw new StudioError(
      'out-of-space',
      `The copy of ${basename(path)} became larger than copies may be (${Math.round(maxBytes / 1e9)} GB) and was given up. Allow more in the settings.`,
      { path },
    );
  };

  async function* frames(): AsyncGenerator<Uint8Array> {
    let position = -1;
    let made = 0;
    let last: Uint8Array = new Uint8Array(width * height * 3);
    for (;;) {
      const item = reader.next();
      if (item === null) break;
      const found = locate(index, item.id, position);
      if (found < 0) continue;
      position = found;
      // A frame that does not decode is stood in for, so that numbers and times stay.
      for (; made < found; made += 1) yield last;
      last = maker.exactly(item.frame, width, height);
      yield last;
      made += 1;
      onWork?.(made / index.pts.length);
      if (made % 64 === 0) checkSize();
      // FFmpeg's buffers are given back between turns of the event loop only.
      if (made % 8 === 0) await nextTurn();
    }
    for (; made < index.pts.length; made += 1) yield last;
  }

  try {
    await writeVideo(temporary, frames(), {
      width,
      height,
      pts,
      timeBase,
      endPts,
      gop: GOP,
      maxBFrames: 0,
      threads: threadsFor(width, height),
      // One short GOP of frames waits in the encoder, not forty: they are large.
      encoderOptions: { preset: 'veryfast', crf: CRF, 'rc-lookahead': GOP },
      containerOptions,
    });
    if (
      source.hasAudio &&
      addSound(temporary, path, withSound, containerOptions, laterSec, () => onWork?.(1))
    )
      await rename(withSound, temporary);
    const made = buildFrameIndex(temporary, undefined, () => onWork?.(1));
    const first = made.pts[0]!;
    const same =
      made.pts.length === pts.length &&
      made.pts.every(
        (time, i) =>
          (time - first) * made.timeBase.num * timeBase.den === (pts[i]! - pts[0]!) * made.timeBase.den,
      );
    if (!same)
      throw new StudioError(
        'damaged',
        `The proxy of ${path} does not keep the times of its frames; it was thrown away.`,
        { path },
      );
    await rename(temporary, out);
    return { frames: pts.length };
  } finally {
    reader.close();
    decoder.freeContext();
    maker.close();
    source.close();
    for (const file of [temporary, withSound]) await rm(file, { force: true });
  }
}
