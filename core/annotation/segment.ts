/**
 * The segment: a stretch of time with a label. The one shape that training, evaluation, formats and the timeline share.
 *
 * Here time is seconds; the document keeps PTS beside them (`document.ts`). Pure data, no methods.
 */

/** A stretch of time in seconds, half open: [startSec, endSec). */
export interface TimeRange {
  readonly startSec: number;
  readonly endSec: number;
}

/** A labelled stretch of time. */
export interface LabelledSegment extends TimeRange {
  readonly label: string;
}

/** A detector's proposal; `score` in [0, 1]. */
export interface ScoredSegment extends LabelledSegment {
  readonly score: number;
}

/** From this overlap on two segments mark the same stretch: one action with two labels, or one found twice. */
export const SAME_SEGMENT_TIOU = 0.5;

/** Length of the overlap over length of the union; 0 where there is no union. */
export function temporalIou(a: TimeRange, b: TimeRange): number {
  const inter = Math.max(0, Math.min(a.endSec, b.endSec) - Math.max(a.startSec, b.startSec));
  const union = a.endSec - a.startSec + (b.endSec - b.startSec) - inter;
  return union > 0 ? inter / union : 0;
}
