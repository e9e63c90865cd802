/**
 * Times of a video's frames as the screens use them: frame ↔ PTS ↔ seconds, zero seconds being the first frame.
 *
 * The table comes from the service (`/index/ID`); nothing here guesses a time as frame × rate, except the stand-in for the moments
 * before the table has arrived. A frame lasts until the next one starts; a segment's end is the PTS at which its last frame ends.
 */

/** A video's frames. */
export interface FrameTimes {
  /** [frames] integers in ticks of `tickSec`, never falling. */
  readonly pts: Float64Array;
  /** When the last frame ends. */
  readonly endPts: number;
  /** Length of one tick in seconds. */
  readonly tickSec: number;
  /** False for the stand-in. */
  readonly exact: boolean;
}

/** What the stand-in needs to know of a video. */
export interface FrameRateFacts {
  readonly frameCount: number;
  readonly startPts: number;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly averageRate: { readonly num: number; readonly den: number };
}

/** Evenly spaced frames, until the table is there. */
export function regularFrames(facts: FrameRateFacts): FrameTimes {
  const { frameCount, startPts, timeBase, averageRate } = facts;
  const ticksPerFrame = (timeBase.den * averageRate.den) / (timeBase.num * Math.max(1, averageRate.num));
  const pts = new Float64Array(Math.max(1, frameCount));
  for (let frame = 0; frame < pts.length; frame += 1) {
    pts[frame] = startPts + Math.round(frame * ticksPerFrame);
  }
  return {
    pts,
    endPts: startPts + Math.round(pts.length * ticksPerFrame),
    tickSec: timeBase.num / timeBase.den,
    exact: false,
  };
}

/** Number of frames. */
export function frameCountOf(times: FrameTimes): number {
  return times.pts.length;
}

/** The frame shown at a PTS: the last that starts at or before it; 0 before the first. */
export function frameAtPts(times: FrameTimes, pts: number): number {
  let low = 0;
  let high = times.pts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (times.pts[middle]! <= pts) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/** PTS of a frame; of `frameCount` and beyond, the end of the last. Negative frames are the first. */
export function ptsOfFrame(times: FrameTimes, frame: number): number {
  if (frame >= times.pts.length) {
    return times.endPts;
  }
  return times.pts[Math.max(0, frame)]!;
}

/** Seconds since the first frame. */
export function secOfPts(times: FrameTimes, pts: number): number {
  return (pts - times.pts[0]!) * times.tickSec;
}

/** Seconds at which a frame starts. */
export function secOfFrame(times: FrameTimes, frame: number): number {
  return secOfPts(times, ptsOfFrame(times, frame));
}

/** The frame shown at a time; half a tick of tolerance, because seconds are rounded PTS. */
export function frameAtSec(times: FrameTimes, sec: number): number {
  return frameAtPts(times, times.pts[0]! + Math.floor(sec / times.tickSec + 0.5));
}

/** The boundary between frames that is nearest to a time: 0 is the first frame's start, `frameCount` the last one's end. */
export function boundaryNearSec(times: FrameTimes, sec: number): number {
  const frame = frameAtSec(times, sec);
  const middle = (secOfFrame(times, frame) + secOfFrame(times, frame + 1)) / 2;
  return sec > middle ? frame + 1 : frame;
}

/** Length in seconds. */
export function durationOf(times: FrameTimes): number {
  return secOfPts(times, times.endPts);
}

/** Middle of a frame in seconds: a player that seeks there shows that frame and not its neighbour. */
export function middleOfFrame(times: FrameTimes, frame: number): number {
  return (secOfFrame(times, frame) + secOfFrame(times, frame + 1)) / 2;
}
