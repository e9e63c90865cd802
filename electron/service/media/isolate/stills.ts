/**
 * Pictures of exact frames as files, and what is made of them ahead of time.
 *
 * A frame late in a long GOP costs the decoding of everything before it, which no seek can spare. So pictures are made before they are asked for: first
 * those that the page names as likely, then, while nobody waits, the rest of the GOP around the frame that was looked at last. They are kept as the very
 * bytes that would be answered: the next jump is then a look-up.
 *
 * Every file has a few decoders, which stay where they were (`readers.ts`). A pass keeps the frames on its way that keys lead back to from where it goes.
 */
import { StudioError } from '#core/contract/errors';
import { createByteCache } from '#service/media/byteCache';
import { encodeStill } from '#service/media/derive/images';
import { createJpegWriter, type JpegWriter } from '#service/media/derive/jpeg';
import { indexAtPts, type FrameIndex } from '#service/media/index/frameIndex';
import { keyAt } from '#service/media/decode/seek';
import type { DecodeCalls, Still } from './protocol.ts';
import { createReaders } from './readers.ts';

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

/** Pictures that were answered or made ahead. */
const PICTURE_BYTES = 160 * 1024 * 1024;
/** Frames made ahead on either side, at most. */
const AHEAD_FRAMES = 300;
/** Every frame so near after the person's place is kept when it is passed, for steps forward. */
const STEPS_AFTER = 30;
/** As many are kept before a frame that steps may go back from; before others few. */
const STEPS_BEFORE = 12;
const FEW_BEFORE = 4;
/** Of so many likely frames the ones beside them are kept, too, when they are passed. */
const LANDINGS = 12;
/** JPEG on FFmpeg's scale: 2 is best. */
const JPEG_QUALITY = 2;

/** Whole numbers from one to another, both included. */
const between = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

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
  const readers = createReaders(onWork);
  const pictures = createByteCache<Still>(PICTURE_BYTES);
  let jpeg: JpegWriter | null = null;
  let plan: Generator<void, void> | null = null;
  /** Likely frames that were asked for last, of any file. */
  const landings: number[] = [];
  /** What the plan is for. */
  let planKey = '';

  const fileKey = (request: StillRequest): string => `${request.contentHash}:${request.path}`;
  const pictureKey = (request: StillRequest, frame: number): string =>
    `${frame}.${request.format}:${request.maxWidth}x${request.maxHeight}:${fileKey(request)}`;
  function* make(request: StillRequest, index: FrameIndex): Generator<void, Still> {
    const { path, format, frame, maxWidth, maxHeight, purpose, at = frame, also = [] } = request;
    const pts = index.pts[frame]!;
    const reader = readers.nearest(path, fileKey(request), index, frame, purpose !== 'likely');
    if (reader === null) throw new StudioError('cancelled', 'Pictures this large are not made ahead.');
    const steps = between(at - STEPS_BEFORE, at + STEPS_AFTER);
    readers.touch(fileKey(request), steps);
    if (purpose === 'likely') landings.push(frame);
    if (landings.length > LANDINGS) landings.shift();
    // Whoever comes to one of these takes a step next.
    const neighbours = [...also, ...landings].flatMap((landing) => [landing - 1, landing, landing + 1]);
    const before = Math.abs(frame - at) <= STEPS_BEFORE * 2 ? STEPS_BEFORE : FEW_BEFORE;
    yield* reader.approach(frame, { before, also: [...neighbours, ...steps.filter((step) => step > at)] });
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
        const still = yield* make({ ...request, frame, at: frame, purpose: 'once' }, index);
        pictures.set(key, still, still.data.length);
        bytes += still.data.length;
      } catch (error) {
        if (error instanceof StudioError && error.code === 'cancelled') {
          planKey = '';
          return;
        }
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
      const still = kept ?? (yield* make(request, index));
      const answer = { ...still, tookMs: kept === undefined ? performance.now() - startedAt : 0 };
      if (request.format !== 'jpg') return answer;
      pictures.set(key, still, still.data.length);
      const at = purpose === 'shown' ? frame : request.at;
      // Where frames are known by their order alone, going back means decoding from the start.
      if (at === undefined || index.identity !== 'pts') return answer;
      // A picture that was made ahead is shown without asking again: where the person is, the next likely frame tells.
      const place = pictureKey(request, at);
      if (place !== planKey) plan = around({ ...request, frame: at, at }, index);
      planKey = place;
      return answer;
    },
    ahead: () => {
      if (plan?.next().done === true) plan = null;
      return plan !== null;
    },
    close: () => {
      readers.close();
      pictures.clear();
      jpeg?.close();
      jpeg = null;
      plan = null;
      planKey = '';
    },
  };
}
