/**
 * Seeking that can be trusted: by the DTS of a key frame from the packet index, some way before the wanted frame. Where the demuxer lands is
 * for the caller to verify by the identity of the frames that come.
 */
import { AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import type { CodecContext } from 'node-av/lib';
import type { FrameIndex } from './frameIndex.ts';
import type { Source } from './source.ts';

/** Number of the last seek point at or before a frame; −1 before the first. */
export function keyAt(index: FrameIndex, frame: number): number {
  const { keys } = index;
  const id = index.ids[frame]!;
  let low = 0;
  let high = keys.pts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys.pts[middle]! <= id) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Moves to a key frame at or before a frame.
 *
 * @param after only when that key frame lies after this frame, else nothing is won
 * @param earlier how many key frames more to go back
 * @returns false when there is no such place; nothing has moved then
 */
export function seekTo(
  source: Source,
  decoder: CodecContext,
  index: FrameIndex,
  frame: number,
  after = -1,
  earlier = 0,
): boolean {
  const { keys } = index;
  const chosen = keyAt(index, frame) - earlier;
  if (chosen < 0) return false;
  if (after >= 0 && keys.pts[chosen]! <= index.ids[after]!) return false;
  if (source.format.seekFrameSync(source.streamIndex, BigInt(keys.dts[chosen]!), AVSEEK_FLAG_BACKWARD) < 0)
    return false;
  decoder.flushBuffers();
  return true;
}
