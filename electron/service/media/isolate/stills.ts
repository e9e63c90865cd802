/**
 * Pictures of exact frames as files, and what is made of them ahead of time.
 *
 * A frame late in a long GOP costs the decoding of everything before it, which no seek can spare. So pictures are made before they are asked for: first
 * those that the page names as likely, then, while nobody waits, the rest of the GOP around the frame that was looked at last. They are kept as the very
 * bytes that would be answered: the next jump is then a look-up.
 *
 * Every file has two decoders: one stays where the person is, the other goes to likely frames elsewhere. Where a person asks for what the second one
 * is nearer to, they change roles, so that nothing that was decoded on the way is lost.
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

/** Gives pictures. */
export interface Stills {
  /**
   * Makes a picture in parts of about one decoded frame; the last part is the picture. It may be left unfinished.
   *
   * @throws StudioError `wrong-usage`, `damaged`; `cancelled` for a likely frame that would take too much memory
   */
  give(request: StillRequest, index: FrameIndex): Generator<void, Still>;
  /** Does a part of what is made ahead. @returns whether there is more to do */
  ahead(): boolean;
  /** Closes every file and forgets every picture. */
  close(): void;
}

/** Files kept open for stepping. */
const OPEN_FILES = 2;
/** Decoded frames, each decoder. */
const KEPT_BYTES = 96 * 1024 * 1024;
/** Pictures that were answered or made ahead. */
const PICTURE_BYTES = 160 * 1024 * 1024;
/** Frames made ahead on either side, at most. */
const AHEAD_FRAMES = 300;
/** A likely frame as near as this is the business of the decoder that stays with the person. */
const STEP_FRAMES = 24;
/** Larger pictures have one decoder only: a second one would take hundreds of megabytes. */
const MAX_SCOUT_PIXELS = 4096 * 2304;
/** JPEG on FFmpeg's scale: 2 is best. */
const JPEG_QUALITY = 2;

interface Pair {
  /** Stays where the person is. */
  main: ExactReader;
  /** Goes to likely frames; null until there was one. */
  scout: ExactReader | null;
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
  const pairs = new Map<string, Pair>();
  const pictures = createByteCache<Still>(PICTURE_BYTES);
  let jpeg: JpegWriter | null = null;
  let plan: Generator<void, void> | null = null;

  const fileKey = (request: StillRequest): string => `${request.contentHash}:${request.path}`;
  const pictureKey = (request: StillRequest, frame: number): string =>
    `${frame}.${request.format}:${request.maxWidth}x${request.maxHeight}:${fileKey(request)}`;
  const open = (request: StillRequest, index: FrameIndex): ExactReader =>
    openExact(request.path, index, { maxBytes: KEPT_BYTES, onWork });

  const pairOf = (request: StillRequest, index: FrameIndex): Pair => {
    const key = fileKey(request);
    const pair = pairs.get(key) ?? { main: open(request, index), scout: null };
    pairs.delete(key);
    pairs.set(key, pair);
    for (const [oldest, other] of pairs) {
      if (pairs.size <= OPEN_FILES) break;
      other.main.close();
      other.scout?.close();
      pairs.delete(oldest);
    }
    return pair;
  };
  /** The second decoder of a file; no other file has one. */
  const scoutOf = (pair: Pair, request: StillRequest, index: FrameIndex): ExactReader => {
    for (const other of pairs.values()) {
      if (other === pair) continue;
      other.scout?.close();
      other.scout = null;
    }
    pair.scout ??= open(request, index);
    return pair.scout;
  };
  const readerFor = (request: StillRequest, index: FrameIndex): ExactReader => {
    const pair = pairOf(request, index);
    const { frame } = request;
    const fromMain = pair.main.distance(frame);
    if (request.purpose === 'likely' && fromMain > STEP_FRAMES) {
      if (pair.main.pixels > MAX_SCOUT_PIXELS)
        throw new StudioError('cancelled', 'Pictures this large are not made ahead.');
      return scoutOf(pair, request, index);
    }
    if (request.purpose !== 'likely' && pair.scout !== null && pair.scout.distance(frame) < fromMain)
      [pair.main, pair.scout] = [pair.scout, pair.main];
    return pair.main;
  };

  function* make(
    reader: ExactReader,
    request: StillRequest,
    index: FrameIndex,
    frame: number,
  ): Generator<void, Still> {
    const { format, maxWidth, maxHeight } = request;
    const pts = index.pts[frame]!;
    yield* reader.approach(frame);
    return reader.withFrame(frame, (decoded, maker) => {
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
  }

  /** Makes the pictures around a frame, each in parts. */
  function* around(request: StillRequest, index: FrameIndex): Generator<void, void> {
    let bytes = 0;
    for (const frame of aroundInGop(index, request.frame)) {
      if (bytes >= PICTURE_BYTES * 0.75) return;
      const key = pictureKey(request, frame);
      if (pictures.has(key)) continue;
      try {
        const still = yield* make(pairOf(request, index).main, request, index, frame);
        pictures.set(key, still, still.data.length);
        bytes += still.data.length;
      } catch (error) {
        if (error instanceof StudioError && error.code === 'cancelled') return;
        if (!(error instanceof StudioError) || error.code !== 'damaged') throw error;
      }
      yield;
    }
  }

  return {
    *give(request, index) {
      const { frame, purpose } = request;
      const key = pictureKey(request, frame);
      const startedAt = performance.now();
      const kept = pictures.get(key);
      const still = kept ?? (yield* make(readerFor(request, index), request, index, frame));
      const answer = { ...still, tookMs: kept === undefined ? performance.now() - startedAt : 0 };
      if (request.format !== 'jpg') return answer;
      pictures.set(key, still, still.data.length);
      // Where frames are known by their order alone, going back means decoding from the start.
      if (purpose === 'shown' && index.identity === 'pts') plan = around(request, index);
      return answer;
    },
    ahead: () => {
      if (plan?.next().done === true) plan = null;
      return plan !== null;
    },
    close: () => {
      for (const { main, scout } of pairs.values()) {
        main.close();
        scout?.close();
      }
      pairs.clear();
      pictures.clear();
      jpeg?.close();
      jpeg = null;
      plan = null;
    },
  };
}
