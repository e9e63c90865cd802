/**
 * Frames for training: any set of frame numbers, decoded in one sequential pass and scaled to small squares straight into one array.
 */
import type { Frame } from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import { createFrameReader } from './decodePass.ts';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { createPictureMaker, type Fit } from './picture.ts';
import { seekTo } from './seek.ts';
import { openDecoder, openSource, threadsFor, type Source } from '#service/media/file/source';

/** Which frames, and how large. */
export interface SampleRequest {
  /** [N] presentation indices in any order; the same one may come twice. */
  readonly frameIndices: Int32Array;
  readonly side: number;
  readonly fit: Fit;
}

/** How sampling runs. */
export interface SampleOptions {
  readonly signal?: AbortSignal;
  /** Share done, 0–1. */
  readonly onProgress?: (share: number) => void;
  /** A frame that the file cannot give any more; the nearest earlier one stands in. */
  readonly onMissing?: (frameIndex: number) => void;
  readonly threads?: number;
}

/** How many key frames earlier each further attempt starts after a seek that landed too late. */
const EARLIER = [1, 3, 1000] as const;
/** Frames further apart than this many seconds are reached by seeking instead of decoding all between. */
const SEEK_WORTH_SEC = 12;

/**
 * Decodes frames in one sequential pass and hands each over once for every place it is wanted at.
 *
 * @param frameIndices presentation indices in any order
 * @param take gets the frame and the place in `frameIndices`; the frame is reused afterwards
 * @param repeat the frame at `place` is the one handed over for `earlier`, again
 * @returns how many frames were decoded cleanly
 * @throws StudioError `wrong-usage` for a frame number that the video does not have
 */
export function sampleEach(
  source: Source,
  index: FrameIndex,
  frameIndices: Int32Array,
  take: (frame: Frame, place: number) => void,
  options: SampleOptions = {},
  repeat?: (place: number, earlier: number) => void,
): number {
  const count = index.pts.length;
  for (const frame of frameIndices) {
    if (frame < 0 || frame >= count) {
      throw new StudioError(
        'wrong-usage',
        `There is no frame ${frame}; the video has frames 0 to ${count - 1}.`,
      );
    }
  }
  const order = Int32Array.from(frameIndices.keys()).sort(
    (a, b) => frameIndices[a]! - frameIndices[b]! || a - b,
  );
  const { width, height } = source.stream.codecpar;
  const decoder = openDecoder(
    source,
    index.identity === 'pts' ? (options.threads ?? threadsFor(width, height)) : 1,
  );
  const seekTicks = (SEEK_WORTH_SEC * index.timeBase.den) / index.timeBase.num;
  const damaged = new Set<number>();
  for (const [first, last] of index.damaged) for (let i = first; i <= last; i += 1) damaged.add(i);
  let reader = createFrameReader(source, decoder, index.identity);
  let next = 0;
  let lastPlace = -1;
  let position = -1;
  let decoded = 0;
  let taken = 0;
  const early: number[] = [];
  const place = (): number => order[next]!;
  const wanted = (): number => frameIndices[place()]!;
  /** The wanted frame cannot come any more: the one before it stands in, or the first that comes. */
  const skip = (): void => {
    options.onMissing?.(wanted());
    if (lastPlace >= 0) repeat?.(place(), lastPlace);
    else early.push(place());
    next += 1;
  };
  let attempt = -1;
  let sought = false;
  const unique = hasOwnTimes(index);
  const hurry = (): void => {
    const limit = unique ? index.ids[wanted()]! : -Infinity;
    reader.skipUnless((id) => id >= limit);
  };
  const restart = (): void => {
    reader.close();
    reader = createFrameReader(source, decoder, index.identity);
    position = -1;
    sought = true;
    hurry();
  };
  /** The demuxer landed after the wanted frame: further back, at last to the first key frame. */
  const goBack = (): boolean => {
    while (attempt >= 0 && attempt < EARLIER.length) {
      const earlier = EARLIER[attempt]!;
      attempt += 1;
      if (seekTo(source, decoder, index, wanted(), -1, earlier) || seekTo(source, decoder, index, 0)) {
        restart();
        return true;
      }
    }
    return false;
  };
  const jump = (after: number): void => {
    const ahead = index.pts[wanted()]! - (index.pts[Math.max(0, after)] ?? 0);
    if (ahead > seekTicks && seekTo(source, decoder, index, wanted(), after)) {
      attempt = 0;
      restart();
    }
    hurry();
  };
  try {
    if (order.length > 0) jump(-1);
    while (next < order.length) {
      if ((decoded & 15) === 0) {
        options.signal?.throwIfAborted();
        options.onProgress?.(next / order.length);
      }
      const item = reader.next();
      decoded += 1;
      if (item === null) break;
      const found = locate(index, item.id, position, sought);
      if (found < 0) continue;
      if (position < 0 && found > wanted() && goBack()) continue;
      attempt = -1;
      position = found;
      while (next < order.length && wanted() < position) skip();
      if (next >= order.length) break;
      if (wanted() !== position) continue;
      if (damaged.has(position)) {
        while (next < order.length && wanted() === position) skip();
      } else {
        lastPlace = place();
        take(item.frame, lastPlace);
        taken += 1;
        for (const one of early.splice(0)) repeat?.(one, lastPlace);
        next += 1;
        while (next < order.length && wanted() === position) {
          if (repeat === undefined) take(item.frame, place());
          else repeat(place(), lastPlace);
          next += 1;
        }
      }
      if (next < order.length) jump(position);
    }
    while (next < order.length) skip();
    options.onProgress?.(1);
    return taken;
  } finally {
    reader.close();
    decoder.freeContext();
  }
}

/**
 * Samples frames synchronously: call it in a worker.
 *
 * @returns uint8 RGB `[N, side, side, 3]`
 * @throws StudioError `wrong-usage` for a frame number that the video does not have, `bad-input` when nothing decodes
 */
export function sampleFramesSync(
  path: string,
  index: FrameIndex,
  request: SampleRequest,
  options: SampleOptions = {},
): Uint8Array {
  const { frameIndices, side, fit } = request;
  const frameBytes = side * side * 3;
  const result = new Uint8Array(frameIndices.length * frameBytes);
  if (frameIndices.length === 0) return result;
  const source = openSource(path);
  const maker = createPictureMaker(source.orientation, source.pixelAspect);
  try {
    const taken = sampleEach(
      source,
      index,
      frameIndices,
      (frame, place) => maker.square(frame, side, fit, result, place * frameBytes),
      options,
      (place, earlier) =>
        result.copyWithin(place * frameBytes, earlier * frameBytes, (earlier + 1) * frameBytes),
    );
    if (taken === 0) throw new StudioError('bad-input', `${path}: no frame could be decoded.`, { path });
    return result;
  } finally {
    maker.close();
    source.close();
  }
}

/** As `sampleFramesSync`, for callers that wait anyway. */
export async function sampleFrames(
  path: string,
  index: FrameIndex,
  request: SampleRequest,
  options: SampleOptions = {},
): Promise<Uint8Array> {
  return sampleFramesSync(path, index, request, options);
}

/**
 * Which frame of the index a decoded frame is; −1 when it is none, or when frames of the same timestamp leave it open.
 *
 * @param previous the frame before it, or −1: makes the usual case one comparison, and tells frames of the same timestamp apart
 * @param sought after a seek, when what was decoded before is unknown
 */
export function locate(index: FrameIndex, id: number, previous: number, sought = false): number {
  const { ids } = index;
  if (previous >= 0 || !sought) if (ids[previous + 1] === id) return previous + 1;
  if (index.identity !== 'pts') return ids.indexOf(id);
  let low = 0;
  let high = ids.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  if (ids[low] !== id || (sought && ids[low + 1] === id)) return -1;
  return low;
}

/** Whether every frame has a timestamp of its own. Where not, none may be left out of decoding, or the rest could not be told apart. */
export function hasOwnTimes(index: FrameIndex): boolean {
  return !index.badges.some((badge) => badge.kind === 'duplicates');
}
