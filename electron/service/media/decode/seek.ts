/**
 * Seeking that can be trusted: to a key frame from the packet index, by its PTS or DTS, whichever makes the demuxer land on it. Where the demuxer lands is
 * for the caller to verify by the identity of the frames that come.
 */
import { AVERROR_EAGAIN, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet, type CodecContext } from 'node-av/lib';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { timestamp, type Source } from '#service/media/file/source';

/** Which time the demuxer of an open file was last found to look for. */
const prefersPts = new WeakMap<Source, boolean>();

function jump(source: Source, target: number): boolean {
  return source.format.seekFrameSync(source.streamIndex, BigInt(target), AVSEEK_FLAG_BACKWARD) >= 0;
}

/** Whether the next packet of the video is the key frame with these times; reads on, so that a jump must follow. */
function standsAt(source: Source, pts: number, dts: number): boolean {
  const packet = new Packet();
  packet.alloc();
  try {
    for (let tries = 0; tries < 200; tries += 1) {
      const code = source.format.readFrameSync(packet);
      if (code === AVERROR_EAGAIN) continue;
      if (code < 0) return false;
      const isVideo = packet.streamIndex === source.streamIndex && packet.size > 0;
      const [own, decode] = [timestamp(packet.pts), timestamp(packet.dts)];
      packet.unref();
      if (isVideo) return decode === dts && (own === null || own === pts);
    }
    return false;
  } finally {
    packet.free();
  }
}

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
  const [pts, dts] = [keys.pts[chosen]!, keys.dts[chosen]!];
  // Some demuxers look for the PTS, some for the DTS, and land a whole GOP too early when given the other.
  const byPts = prefersPts.get(source) ?? true;
  for (const target of byPts ? [pts, dts] : [dts, pts]) {
    if (!jump(source, target) || !standsAt(source, pts, dts)) continue;
    prefersPts.set(source, target === pts);
    if (!jump(source, target)) return false;
    decoder.flushBuffers();
    return true;
  }
  if (!jump(source, dts)) return false;
  decoder.flushBuffers();
  return true;
}
