/**
 * How long a jump into a file may take, told from its index: everything since the last key frame is decoded first.
 */
import type { BadgeInfo } from '#core/contract/info';
import type { IdentityKind } from '#service/media/decode/decodePass';
import type { SeekPoints } from './packetPass.ts';

/** A person waits visibly for longer jumps than this. */
export const SLOW_SEEK_MS = 150;

/** H.264 on two cores, frames that no other is built on left out: 273 ms for the last of 250 frames of 1920 × 1080 (`bench media-frame`). */
const MS_PER_MEGAPIXEL_FRAME = 0.53;

/** The longest way from a key frame to the frame before the next one. */
export interface SeekCost {
  readonly frames: number;
  /** Estimated, on two cores. */
  readonly ms: number;
}

/** Number of values below a limit. @param sorted rising */
function countBelow(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What of a frame index tells where jumps begin. */
interface Jumps {
  readonly identity: IdentityKind;
  readonly ids: Float64Array;
  readonly keys: SeekPoints;
}

/** The dearest jump of a file. @param pixels of one stored picture */
export function seekCost(index: Jumps, pixels: number): SeekCost {
  const { identity, keys } = index;
  let frames = index.ids.length;
  if (identity !== 'order' && keys.pts.length > 0) {
    const ids = identity === 'pts' ? index.ids : index.ids.slice().sort();
    frames = 0;
    let from = 0;
    for (let key = 1; key <= keys.pts.length; key += 1) {
      const to = countBelow(ids, keys.pts[key] ?? Infinity);
      frames = Math.max(frames, to - from);
      from = to;
    }
  }
  return { frames, ms: frames * (pixels / 1e6) * MS_PER_MEGAPIXEL_FRAME };
}

/** Says so where jumps are slow. @param framesPerSec average rate */
export function slowSeekBadge({ frames, ms }: SeekCost, framesPerSec: number): BadgeInfo[] {
  if (ms < SLOW_SEEK_MS) return [];
  const wait = ms < 1000 ? `${Math.round(ms / 50) * 50} ms` : `${(ms / 1000).toFixed(1)} s`;
  return [
    {
      kind: 'slow-seek',
      text: `Up to ${frames} frames (${(frames / framesPerSec).toFixed(1)} s) build on one another, so a jump may take about ${wait}. With a playable copy a picture is there at once and the exact frame follows. The copy is made by itself when jumps turn out slow, or on request from the Library.`,
    },
  ];
}
