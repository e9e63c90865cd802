/**
 * Seconds beside PTS: zero is the first frame.
 */
import type { Rational } from '#core/contract/info';

/** What is needed to turn ticks into seconds. */
export interface VideoClock {
  readonly timeBase: Rational;
  /** PTS of the first frame. */
  readonly startPts: number;
}

/** Seconds since the first frame. */
export function ptsToSeconds(pts: number, { timeBase, startPts }: VideoClock): number {
  return ((pts - startPts) * timeBase.num) / timeBase.den;
}

/** The nearest tick. */
export function secondsToPts(seconds: number, { timeBase, startPts }: VideoClock): number {
  return startPts + Math.round((seconds * timeBase.den) / timeBase.num);
}
