/**
 * The file that waveform peaks are kept and served in.
 *
 * File, little endian: `LOFIPKS1`, length of a JSON head (uint32), the head padded to eight bytes, then for each level int8 pairs
 * [least, greatest], −127 to 127. Level n has 4 times fewer pairs than level n − 1. Served one level at a time in the same layout.
 */

/** Peaks a second at level 0. */
export const PEAK_RATE = 100;
/** Each level has a quarter of the one before. */
export const PEAK_LEVELS = 6;

/** Head of a peaks file. */
export interface PeaksHead {
  /** Pairs a second of each level in the file. */
  readonly rates: readonly number[];
  /** Pairs of each level. */
  readonly lengths: readonly number[];
  /** Seconds of the stream's clock at which the first pair begins. */
  readonly startSec: number;
}

const MAGIC = 'LOFIPKS1';

/** Packs levels into a file. */
export function packPeaks(levels: readonly Int8Array[], rates: readonly number[], startSec: number): Buffer {
  const head: PeaksHead = { rates, lengths: levels.map((level) => level.length / 2), startSec };
  const text = Buffer.from(JSON.stringify(head));
  const front = Buffer.alloc(Math.ceil((12 + text.length) / 8) * 8);
  front.write(MAGIC, 'latin1');
  front.writeUInt32LE(text.length, 8);
  text.copy(front, 12);
  return Buffer.concat([front, ...levels.map((level) => Buffer.from(level.buffer))]);
}

/** One level of a peaks file, in the same layout; null when there is no such level. */
export function peaksLevel(file: Buffer, level: number): Buffer | null {
  const length = file.readUInt32LE(8);
  const head = JSON.parse(file.toString('utf8', 12, 12 + length)) as PeaksHead;
  const rate = head.rates[level];
  const pairs = head.lengths[level];
  if (rate === undefined || pairs === undefined) return null;
  const before = head.lengths.slice(0, level).reduce((sum, count) => sum + count * 2, 0);
  const at = Math.ceil((12 + length) / 8) * 8 + before;
  return packPeaks(
    [Int8Array.from(file.subarray(at, at + pairs * 2).map((value) => value))],
    [rate],
    head.startSec,
  );
}
