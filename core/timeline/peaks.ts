/**
 * Reads waveform peaks (`/peaks/ID/LEVEL`): the layout that `electron/service/media/derive/peaks.ts` writes.
 *
 * Little endian: `LOFIPKS1`, length of a JSON head, the head padded to eight bytes, then int8 pairs [least, greatest].
 */
import { StudioError } from '#core/contract/errors';

/** One level of a waveform. */
export interface Peaks {
  /** Pairs a second. */
  readonly rate: number;
  /** Seconds at which the first pair begins. */
  readonly startSec: number;
  /** [2 × pairs] −127 to 127. */
  readonly pairs: Int8Array;
}

/** Pairs a second of each level there is. */
export const PEAK_RATES = [100, 25, 6.25, 1.5625, 0.390625, 0.09765625] as const;

/** The coarsest level that still has a pair for each pixel. */
export function peakLevelFor(pxPerSec: number): number {
  let level = 0;
  while (level < PEAK_RATES.length - 1 && PEAK_RATES[level + 1]! >= pxPerSec) {
    level += 1;
  }
  return level;
}

/** Unpacks one level. @throws StudioError `damaged` */
export function readPeaks(buffer: ArrayBuffer): Peaks {
  const magic = buffer.byteLength < 12 ? '' : String.fromCharCode(...new Uint8Array(buffer, 0, 8));
  if (magic !== 'LOFIPKS1') {
    throw new StudioError(
      'damaged',
      'The waveform cannot be read. It is made anew when the cache is cleared.',
    );
  }
  const length = new DataView(buffer).getUint32(8, true);
  const head = JSON.parse(String.fromCharCode(...new Uint8Array(buffer, 12, length))) as {
    readonly rates: readonly number[];
    readonly lengths: readonly number[];
    readonly startSec: number;
  };
  const at = Math.ceil((12 + length) / 8) * 8;
  return {
    rate: head.rates[0] ?? 1,
    startSec: head.startSec,
    pairs: new Int8Array(buffer, at, Math.min((head.lengths[0] ?? 0) * 2, buffer.byteLength - at)),
  };
}

/** Least and greatest sample of a stretch, −1 to 1; [0, 0] where there is no sound. */
export function peakRange(peaks: Peaks, fromSec: number, toSec: number): readonly [number, number] {
  const first = Math.max(0, Math.floor((fromSec - peaks.startSec) * peaks.rate + 1e-6));
  const last = Math.min(peaks.pairs.length / 2, Math.ceil((toSec - peaks.startSec) * peaks.rate - 1e-6));
  let low = 0;
  let high = 0;
  for (let i = first; i < last; i += 1) {
    low = Math.min(low, peaks.pairs[2 * i]!);
    high = Math.max(high, peaks.pairs[2 * i + 1]!);
  }
  return [low / 127, high / 127];
}
