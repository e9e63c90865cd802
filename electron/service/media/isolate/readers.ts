/**
 * Decoders of the files that are looked at. Each stays where it was used last, because the state of a decoder cannot be copied: whoever jumps goes on
 * from the nearest one before the frame. Where there is none, one starts from a key frame: one that is past the frame, else the one not used for longest.
 */
import { openExact, type ExactReader } from '#service/media/decode/exact';
import { createKeptFrames } from '#service/media/decode/keptFrames';
import type { FrameIndex } from '#service/media/index/frameIndex';

/** Open files and their decoders. */
export interface Readers {
  /**
   * The decoder from which a frame is reached soonest.
   *
   * @param name of the file's content
   * @returns null where `mayStart` is false and none is as near as a few steps, and another one would take too much memory
   */
  nearest(
    path: string,
    name: string,
    index: FrameIndex,
    frame: number,
    mayStart: boolean,
  ): ExactReader | null;
  /** Counts kept frames as used now, so that they stay longest. */
  touch(name: string, frames: Iterable<number>): void;
  close(): void;
}

/** Files kept open for stepping. */
const OPEN_FILES = 2;
/** Decoders of the file that is looked at, at most. */
const MOST_READERS = 3;
/** A decoder with its threads holds about so many pictures. */
const PICTURES_HELD = 20;
/** Memory for the pictures that the decoders of a file hold. */
const READERS_BYTES = 600 * 1024 * 1024;
/** Decoded frames of all files. */
const KEPT_BYTES = 192 * 1024 * 1024;
/** So near, a decoder that stays with the person goes there. */
const STEP_FRAMES = 24;

/** @param onWork called now and then; may throw to end the work */
export function createReaders(onWork: () => void): Readers {
  /** Of each file, those not used for longest first. */
  const files = new Map<string, ExactReader[]>();
  const frames = createKeptFrames(KEPT_BYTES);

  const readersOf = (name: string): ExactReader[] => {
    const readers = files.get(name) ?? [];
    files.delete(name);
    files.set(name, readers);
    for (const [oldest, others] of files) {
      if (files.size <= OPEN_FILES) break;
      for (const reader of others) reader.close();
      files.delete(oldest);
      frames.clear();
    }
    return readers;
  };

  return {
    nearest: (path, name, index, frame, mayStart) => {
      const readers = readersOf(name);
      const open = (): ExactReader => openExact(path, index, { shared: { frames, name }, onWork });
      if (readers.length === 0) readers.push(open());
      let best = readers.at(-1)!;
      for (const reader of readers) if (reader.distance(frame) < best.distance(frame)) best = reader;
      const most = Math.min(MOST_READERS, Math.floor(READERS_BYTES / (best.pixels * 1.5 * PICTURES_HELD)));
      const distance = best.distance(frame);
      if (!mayStart && most <= 1 && distance > STEP_FRAMES) return null;
      if (distance === Infinity) {
        if (readers.length < most) {
          // Only the file that is looked at has several.
          for (const others of files.values())
            if (others !== readers) for (const reader of others.splice(0, others.length - 1)) reader.close();
          best = open();
        } else best = readers.find((reader) => reader.isPast(frame)) ?? readers[0]!;
      }
      readers.splice(0, readers.length, ...readers.filter((reader) => reader !== best), best);
      return best;
    },
    touch: (name, list) => {
      for (const frame of list) frames.get(name, frame);
    },
    close: () => {
      for (const readers of files.values()) for (const reader of readers) reader.close();
      files.clear();
      frames.clear();
    },
  };
}
