/**
 * Pictures of exact frames as files, and what is made of them ahead of time.
 *
 * A frame late in a long GOP costs the decoding of everything before it, which no seek can spare. So while nobody waits, the rest of the GOP
 * around the frame that was looked at last is decoded, and its pictures are kept as the very bytes that would be answered: the next jump
 * nearby is then a look-up.
 */
import { StudioError } from '#core/contract/errors';
import { createByteCache } from '#service/media/byteCache';
import { encodeStill } from '#service/media/derive/images';
import { createJpegWriter, type JpegWriter } from '#service/media/derive/jpeg';
import { openExact, type ExactReader } from '#service/media/decode/exact';
import { indexAtPts, type FrameIndex } from '#service/media/index/frameIndex';
import { keyAt } from '#service/media/decode/seek';
import type { DecodeCalls, Still } from './protocol.ts';

type StillRequest = DecodeCalls['frame']['args'];

/** Gives pictures. Synchronous. */
export interface Stills {
  /** @throws StudioError `wrong-usage`, `damaged` */
  give(request: StillRequest, index: FrameIndex): Still;
  /** Makes one picture ahead. @returns whether there is more to do */
  ahead(): boolean;
  /** Closes every file and forgets every picture. */
  close(): void;
}

/** Files kept open for stepping. */
const OPEN_FILES = 2;
/** Decoded frames, each file. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** Pictures that were answered or made ahead. */
const PICTURE_BYTES = 160 * 1024 * 1024;
/** Frames made ahead on either side, at most. */
const AHEAD_FRAMES = 300;
/** JPEG on FFmpeg's scale: 2 is best. */
const JPEG_QUALITY = 2;

interface Plan {
  readonly request: StillRequest;
  readonly index: FrameIndex;
  /** Frame numbers, the nearest use first. */
  readonly frames: Iterator<number>;
  bytes: number;
}

/** The frames from one seek point to the next around a frame, those after it first, as far as it pays. */
export function* aroundInGop(index: FrameIndex, frame: number): Generator<number> {
  const { keys, ids, pts } = index;
  const key = keyAt(index, frame);
  const first = key < 0 ? 0 : indexAtPts(index, keys.pts[key]!);
  const end = key + 1 < keys.pts.length ? indexAtPts(index, keys.pts[key + 1]!) : ids.length;
  const last = Math.min(pts.length, end, frame + 1 + AHEAD_FRAMES);
  for (let at = frame + 1; at < last; at += 1) yield at;
  // Further back than this, catching up would keep a person waiting who comes back meanwhile.
  if (frame - first > AHEAD_FRAMES) return;
  for (let at = first; at < frame; at += 1) yield at;
}

/** @param onWork called now and then; may throw to end the work */
export function createStills(onWork: () => void): Stills {
  const readers = new Map<string, ExactReader>();
  const pictures = createByteCache<Still>(PICTURE_BYTES);
  let jpeg: JpegWriter | null = null;
  let plan: Plan | null = null;

  const fileKey = (request: StillRequest): string => `${request.contentHash}:${request.path}`;
  const pictureKey = (request: StillRequest, frame: number): string =>
    `${frame}.${request.format}:${request.maxWidth}x${request.maxHeight}:${fileKey(request)}`;

  const readerOf = (request: StillRequest, index: FrameIndex): ExactReader => {
    const key = fileKey(request);
    const reader = readers.get(key) ?? openExact(request.path, index, { maxBytes: KEPT_BYTES, onWork });
    readers.delete(key);
    readers.set(key, reader);
    for (const [oldest, other] of readers) {
      if (readers.size <= OPEN_FILES) break;
      other.close();
      readers.delete(oldest);
    }
    return reader;
  };

  const make = (request: StillRequest, index: FrameIndex, frame: number): Still => {
    const { format, maxWidth, maxHeight } = request;
    const pts = index.pts[frame]!;
    return readerOf(request, index).withFrame(frame, (decoded, maker) => {
      const size =
        maxWidth > 0 || maxHeight > 0
          ? maker.sizeWithin(decoded, maxWidth || Infinity, maxHeight || Infinity)
          : null;
      if (format === 'jpg' && maker.isUpright) {
        jpeg ??= createJpegWriter();
        const { width, height } = size ?? decoded;
        return { width, height, pts, data: jpeg.encode(decoded, width, height, JPEG_QUALITY), tookMs: 0 };
      }
      const picture =
        size === null
          ? maker.full(decoded)
          : { ...size, rgb: maker.exactly(decoded, size.width, size.height) };
      const { width, height } = picture;
      return { width, height, pts, data: encodeStill(picture, format), tookMs: 0 };
    });
  };

  return {
    give: (request, index) => {
      const { frame } = request;
      const key = pictureKey(request, frame);
      const startedAt = performance.now();
      const kept = pictures.get(key);
      const still = kept ?? make(request, index, frame);
      const answer = { ...still, tookMs: kept === undefined ? performance.now() - startedAt : 0 };
      if (request.format !== 'jpg') return answer;
      pictures.set(key, still, still.data.length);
      // Where frames are known by their order alone, going back means decoding from the start.
      if (request.ahead && index.identity === 'pts')
        plan = { request, index, frames: aroundInGop(index, frame), bytes: 0 };
      return answer;
    },
    ahead: () => {
      if (plan === null) return false;
      const { request, index } = plan;
      for (;;) {
        const next = plan.frames.next();
        if (next.done === true || plan.bytes >= PICTURE_BYTES * 0.75) break;
        const key = pictureKey(request, next.value);
        if (pictures.has(key)) continue;
        try {
          const still = make(request, index, next.value);
          pictures.set(key, still, still.data.length);
          plan.bytes += still.data.length;
        } catch (error) {
          if (!(error instanceof StudioError) || error.code !== 'damaged') throw error;
        }
        return true;
      }
      plan = null;
      return false;
    },
    close: () => {
      for (const reader of readers.values()) reader.close();
      readers.clear();
      pictures.clear();
      jpeg?.close();
      jpeg = null;
      plan = null;
    },
  };
}
