/**
 * Seconds beside PTS: zero is the first frame, as in the player, in training and in files.
 */
import { ptsToSec, secToPts } from '#core/annotation/timebase';
import type { Rational } from '#core/contract/info';

/** What is needed to turn ticks into seconds. */
export interface VideoClock {
  readonly timeBase: Rational;
  /** PTS of the first frame. */
  readonly startPts: number;
}

/** Seconds since the first frame. */
export function ptsToSeconds(pts: number, { timeBase, startPts }: VideoClock): number {
  return ptsToSec(pts - startPts, timeBase);
}

/** The nearest tick. */
export function secondsToPts(seconds: number, { timeBase, startPts }: VideoClock): number {
  return startPts + secToPts(seconds, timeBase);
}
