/**
 * Frames for training: any set of frame numbers, decoded in one sequential pass and scaled to small squares straight into one array.
 */
import { StudioError } from '#core/contract/errors';
import { createFrameReader } from './decodePass.ts';
import type { FrameIndex } from './frameIndex.ts';
import { createPictureMaker, type Fit } from './picture.ts';
import { seekTo } from './seek.ts';
import { openDecoder, openSource, threadsFor } from './source.ts';

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

/** Frames further apart than this many seconds are reached by seeking instead of decoding all between. */
const SEEK_WORTH_SEC = 12;

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
  const order = Int32Array.from(frameIndices.keys()).sort((a, b) => frameIndices[a]! - frameIndices[b]!);
  const count = index.pts.length;
  for (const frame of frameIndices) {
    if (frame < 0 || frame >= count)
      throw new StudioError(
        'wrong-usage',
        `There is no frame ${frame}; the video has frames 0 to ${count - 1}.`,
      );
  }
  const source = openSource(path);
  const { width, height } = source.stream.codecpar;
  const threads = index.identity === 'pts' ? (options.threads ?? threadsFor(width, height)) : 1;
  const decoder = openDecoder(source, threads);
  const maker = createPictureMaker(source.orientation, source.pixelAspect);
  const cursor = createCursor();
  const seekTicks = (SEEK_WORTH_SEC * index.timeBase.den) / index.timeBase.num;
  let reader = createFrameReader(source, decoder, index.identity);
  let next = 0;
  let lastWritten = -1;
  let position = -1;
  let frames = 0;

  function createCursor(): { wanted: () => number; place: () => number } {
    return { wanted: () => frameIndices[order[next]!]!, place: () => order[next]! };
  }
  const copyLast = (missing: number): void => {
    if (lastWritten >= 0)
      result.copyWithin(
        cursor.place() * frameBytes,
        lastWritten * frameBytes,
        (lastWritten + 1) * frameBytes,
      );
    else pending.push(cursor.place());
    options.onMissing?.(missing);
    next += 1;
  };
  const pending: number[] = [];
  try {
    const first = cursor.wanted();
    if (index.pts[first]! - index.pts[0]! > seekTicks && seekTo(source, decoder, index, first)) {
      reader.close();
      reader = createFrameReader(source, decoder, index.identity);
    }
    while (next < order.length) {
      if ((frames & 31) === 0) {
        options.signal?.throwIfAborted();
        options.onProgress?.(next / order.length);
      }
      const item = reader.next();
      frames += 1;
      if (item === null) break;
      position = locate(index, item.id, position);
      if (position < 0) continue;
      while (next < order.length && cursor.wanted() < position) copyLast(cursor.wanted());
      if (next >= order.length || cursor.wanted() !== position) {
        if (
          next < order.length &&
          index.pts[cursor.wanted()]! - index.pts[position]! > seekTicks &&
          seekTo(source, decoder, index, cursor.wanted(), position)
        ) {
          reader.close();
          reader = createFrameReader(source, decoder, index.identity);
          position = -1;
        }
        continue;
      }
      const place = cursor.place();
      maker.square(item.frame, side, fit, result, place * frameBytes);
      for (const early of pending.splice(0))
        result.copyWithin(early * frameBytes, place * frameBytes, (place + 1) * frameBytes);
      lastWritten = place;
      next += 1;
      while (next < order.length && cursor.wanted() === position) {
        result.copyWithin(cursor.place() * frameBytes, place * frameBytes, (place + 1) * frameBytes);
        next += 1;
      }
    }
    if (lastWritten < 0) throw new StudioError('bad-input', `${path}: no frame could be decoded.`, { path });
    while (next < order.length) copyLast(cursor.wanted());
    options.onProgress?.(1);
    return result;
  } finally {
    reader.close();
    decoder.freeContext();
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
 * Which frame of the index a decoded frame is; −1 when it is none.
 *
 * @param previous the frame before it, or −1: tells frames of the same timestamp apart, and makes the usual case one comparison
 */
export function locate(index: FrameIndex, id: number, previous: number): number {
  const { ids } = index;
  if (ids[previous + 1] === id) return previous + 1;
  if (index.identity !== 'pts') return ids.indexOf(id);
  let low = 0;
  let high = ids.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? low : -1;
}
