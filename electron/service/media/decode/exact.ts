/**
 * Exact random access: frame N of a video and no other, by any road that is safe.
 *
 * Seeking alone is wrong on one fetch in ten (open GOP, fragmented MP4, transport streams): so the packet index says where to start, the
 * identity of every decoded frame is compared with the frame index, and where they disagree the start moves further back, at last to the
 * beginning of the file. Forward steps decode one frame; frames that were passed are kept for steps backward, and others by name, bounded by bytes.
 *
 * A frame can be approached in parts of one decoded frame each, so that whoever waits for another frame never waits for this one.
 */
import type { CodecContext, Frame } from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import { createFrameReader, type FrameReader } from './decodePass.ts';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { createKeptFrames, type KeptFrames } from './keptFrames.ts';
import { checkFrame, damagedFrame } from '#service/media/index/checkFrame';
import { createPictureMaker, type PictureMaker } from './picture.ts';
import { hasOwnTimes, locate } from './sample.ts';
import { keyAt, seekTo } from './seek.ts';
import { openDecoder, openSource, threadsFor, type Source } from '#service/media/file/source';

/** Reads frames of one open file. Synchronous: for a process or thread of its own. */
export interface ExactReader {
  /**
   * Calls `use` with frame `index`; the frame belongs to the reader.
   *
   * @throws StudioError `wrong-usage` for a number out of range, `damaged` for a frame that does not decode cleanly
   */
  withFrame<T>(index: number, use: (frame: Frame, maker: PictureMaker) => T): T;
  /**
   * Decodes towards a frame, about one frame in each part, until `withFrame` has it at once. Parts of several approaches may come in any order, and
   * an approach may be left unfinished.
   *
   * @param passing which frames are kept when they are passed on the way, besides some just before the wanted one
   * @throws StudioError as `withFrame`; `cancelled` where the reader was closed in between
   */
  approach(index: number, passing?: Passing): Generator<void, void>;
  /** Frames to decode from where the decoder stands: 0 for one that is kept, infinite where only a seek leads to it. */
  distance(index: number): number;
  /** Whether the decoder stands at or after the frame, after the same key frame. */
  isPast(index: number): boolean;
  /** Pixels of a stored picture. */
  readonly pixels: number;
  /** Bytes of decoded frames that are kept. */
  keptBytes(): number;
  /** Frames kept elsewhere stay. */
  close(): void;
}

/** What is kept of a pass. */
export interface Passing {
  /** So many frames before the wanted one. */
  readonly before?: number;
  readonly also?: Iterable<number>;
}

/** Bounds of a reader. */
export interface ExactOptions {
  /** Decoded frames are kept up to this many bytes. */
  readonly maxBytes?: number;
  /** Where decoded frames are kept instead, shared with other readers of the same file under its name. */
  readonly shared?: { readonly frames: KeptFrames; readonly name: string };
  /** Called now and then during long catching up. */
  readonly onWork?: () => void;
}

const DEFAULT_BYTES = 192 * 1024 * 1024;
/** Someone waits for the catching up across a long GOP. */
const CATCH_UP_THREADS = 8;
/** Frames before the wanted one that are decoded in full, for steps backward. */
const BACK_FRAMES = 12;
/** Going this far forward is cheaper by decoding than by seeking, key frame between or not. */
const NEAR_FRAMES = 4;
/** How many key frames earlier each further attempt starts. */
const ATTEMPTS = [0, 1, 3] as const;

/** Opens a file for exact access. */
export function openExact(path: string, index: FrameIndex, options: ExactOptions = {}): ExactReader {
  let source: Source = openSource(path);
  let decoder: CodecContext;
  let reader: FrameReader | null = null;
  let position = -1;
  let spoiled = false;
  let work = 0;
  const { frames, name } = options.shared ?? {
    frames: createKeptFrames(options.maxBytes ?? DEFAULT_BYTES),
    name: '',
  };
  const { width, height } = source.stream.codecpar;
  const threads = index.identity === 'pts' ? threadsFor(width, height, CATCH_UP_THREADS) : 1;
  const maker = createPictureMaker(source.orientation, source.pixelAspect);
  try {
    decoder = openDecoder(source, threads);
  } catch (error) {
    source.close();
    maker.close();
    throw error;
  }

  const keep = (at: number, frame: Frame): Frame => frames.keep(name, at, frame);
  const unique = hasOwnTimes(index);
  let sought = false;
  const restart = (isStart: boolean): void => {
    sought = !isStart;
    reader?.close();
    reader = createFrameReader(source, decoder, index.identity);
    position = -1;
    spoiled = false;
  };
  const reopen = (): void => {
    reader?.close();
    reader = null;
    decoder.freeContext();
    source.close();
    source = openSource(path);
    decoder = openDecoder(source, threads);
    restart(true);
  };

  /** Decodes on until the frame comes; null when it cannot come any more on this road. */
  function* advance(wanted: number, passing: Passing, fromStart: boolean): Generator<void, Frame | null> {
    if (reader === null) return null;
    const limit = Math.max(0, wanted - (passing.before ?? BACK_FRAMES));
    const also = new Set<number>();
    for (const at of passing.also ?? [])
      if (at > position && at < limit && !frames.has(name, at)) also.add(index.ids[at]!);
    const hurries = unique && wanted - position > BACK_FRAMES * 2;
    reader.skipUnless((id) => !hurries || id >= index.ids[limit]! || also.has(id));
    for (;;) {
      work += 1;
      if (work % 16 === 0) options.onWork?.();
      yield;
      const item: ReturnType<FrameReader['next']> = reader.next();
      if (item === null) {
        reader.close();
        reader = null;
        return null;
      }
      const found = locate(index, item.id, position, sought);
      if (found < 0) continue;
      if (position < 0 && found > wanted && !fromStart) return null;
      position = found;
      if (item.state.isKey && !item.state.damaged) spoiled = false;
      else if (item.state.damaged) spoiled = true;
      if (found > wanted) return null;
      if (spoiled) {
        if (found === wanted) return null;
        continue;
      }
      if (found === wanted) return keep(found, item.frame);
      if (found >= limit || also.has(item.id)) keep(found, item.frame);
    }
  }

  /** Decoding on leads to the frame, and sooner than a seek. */
  const isAhead = (wanted: number): boolean =>
    reader !== null &&
    position >= 0 &&
    wanted > position &&
    (wanted - position <= NEAR_FRAMES || keyAt(index, wanted) === keyAt(index, position));

  function* fetch(wanted: number, passing: Passing): Generator<void, Frame | null> {
    const hit = frames.get(name, wanted);
    if (hit !== undefined) return hit;
    if (isAhead(wanted)) {
      const frame = yield* advance(wanted, passing, false);
      if (frame !== null) return frame;
    }
    for (const earlier of ATTEMPTS) {
      if (!seekTo(source, decoder, index, wanted, -1, earlier)) break;
      restart(false);
      const frame = yield* advance(wanted, passing, false);
      if (frame !== null) return frame;
    }
    reopen();
    return yield* advance(wanted, passing, true);
  }

  /** Counts approaches: one that was interrupted by another begins anew from wherever the decoder stands then. */
  let turn = 0;
  let closed = false;
  function* approach(wanted: number, passing: Passing = {}): Generator<void, Frame> {
    checkFrame(path, index, wanted);
    for (;;) {
      turn += 1;
      const mine = turn;
      const steps = fetch(wanted, passing);
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) {
          if (value === null) throw damagedFrame(path, wanted);
          return value;
        }
        yield;
        if (closed) throw new StudioError('cancelled', 'The file was closed meanwhile.');
        if (turn !== mine) break;
      }
    }
  }

  return {
    withFrame: (wanted, use) => {
      const steps = approach(wanted);
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) return use(value, maker);
      }
    },
    *approach(wanted, passing) {
      yield* approach(wanted, passing);
    },
    distance: (wanted) => (frames.has(name, wanted) ? 0 : isAhead(wanted) ? wanted - position : Infinity),
    isPast: (wanted) =>
      reader !== null && position >= wanted && keyAt(index, wanted) === keyAt(index, position),
    pixels: width * height,
    keptBytes: () => frames.bytes(),
    close: () => {
      closed = true;
      if (options.shared === undefined) frames.clear();
      reader?.close();
      decoder.freeContext();
      maker.close();
      source.close();
    },
  };
}
