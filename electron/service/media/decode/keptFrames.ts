/**
 * Decoded frames that may be wanted again, up to a number of bytes. They are copies: a decoder never gives back the memory of pictures that were its own.
 * The memory of those that go is used for those that come, because fresh memory costs more than the copying.
 */
import { Frame } from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import { createByteCache } from '#service/media/byteCache';

/** Kept frames of any files. */
export interface KeptFrames {
  /** A frame, which counts as used now and belongs to the store. */
  get(name: string, index: number): Frame | undefined;
  has(name: string, index: number): boolean;
  /** Copies a frame. @param name of the file's content @throws StudioError `out-of-memory` */
  keep(name: string, index: number, frame: Frame): Frame;
  bytes(): number;
  clear(): void;
}

/** A copied frame, and one without anything else that holds its memory. */
interface Copy {
  readonly frame: Frame;
  readonly room: Frame;
}

/** Rooms of frames that went, kept for those that come. */
const SPARE_ROOMS = 4;

function bytesOf(frame: Frame): number {
  return frame.linesize.reduce(
    (sum, stride, plane) => sum + Math.abs(stride) * (plane === 0 ? frame.height : (frame.height + 1) >> 1),
    0,
  );
}

/** @param maxBytes of all frames together */
export function createKeptFrames(maxBytes: number): KeptFrames {
  const spare: Frame[] = [];
  const frames = createByteCache<Copy>(maxBytes, ({ frame, room }) => {
    frame.free();
    spare.push(room);
    if (spare.length > SPARE_ROOMS) spare.shift()!.free();
  });
  const key = (name: string, index: number): string => `${index}:${name}`;
  const noMemory = (): StudioError =>
    new StudioError('out-of-memory', 'There is no memory for a decoded frame.');

  const roomFor = ({ width, height, format }: Frame): Frame => {
    const at = spare.findIndex(
      (room) => room.width === width && room.height === height && room.format === format,
    );
    const [found] = at < 0 ? [] : spare.splice(at, 1);
    if (found !== undefined) return found;
    const room = new Frame();
    room.alloc();
    room.width = width;
    room.height = height;
    room.format = format;
    if (room.getBuffer(0) < 0) {
      room.free();
      throw noMemory();
    }
    return room;
  };

  return {
    get: (name, index) => frames.get(key(name, index))?.frame,
    has: (name, index) => frames.has(key(name, index)),
    keep: (name, index, source) => {
      const room = roomFor(source);
      const frame = room.clone();
      if (frame === null || frame.copy(source) < 0 || frame.copyProps(source) < 0) {
        frame?.free();
        room.free();
        throw noMemory();
      }
      frames.set(key(name, index), { frame, room }, bytesOf(frame));
      return frame;
    },
    bytes: () => frames.bytes(),
    clear: () => {
      frames.clear();
      for (const room of spare.splice(0)) room.free();
    },
  };
}
