/** The clips behind a bar or a point: errors by kind or label, or edges whose offset falls into a bin. */
import type { EvaluationInfo } from '#core/contract/info';

/** What a person picked in a figure. */
export type ClipChoice =
  | { readonly kind: 'all' }
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'offset'; readonly from: number; readonly to: number; readonly edge: 'start' | 'end' };

/** A stretch of a video to look at. */
export interface Clip {
  readonly videoId: string;
  readonly label: string;
  readonly startSec: number;
  readonly endSec: number;
  readonly score: number | null;
  /** The error's kind, or the offset in seconds. */
  readonly note: string;
}

/** Clips of a choice, most confident first. */
export function clipsOf(evaluation: EvaluationInfo, choice: ClipChoice): Clip[] {
  if (choice.kind === 'offset') {
    const offsetOf = (one: EvaluationInfo['boundaryOffsets'][number]): number =>
      choice.edge === 'start' ? one.startOffsetSec : one.endOffsetSec;
    return evaluation.boundaryOffsets
      .filter((one) => offsetOf(one) >= choice.from && offsetOf(one) < choice.to)
      .map((one) => ({
        videoId: one.videoId,
        label: one.label,
        startSec: one.startSec,
        endSec: one.endSec,
        score: null,
        note: `${offsetOf(one) < 0 ? '−' : '+'}${Math.abs(offsetOf(one)).toFixed(2)} s`,
      }));
  }
  return evaluation.errors
    .filter(
      (error) =>
        choice.kind === 'all' ||
        (choice.kind === 'error' ? error.kind === choice.error : error.label === choice.label),
    )
    .map(({ videoId, label, startSec, endSec, score, kind }) => ({
      videoId,
      label,
      startSec,
      endSec,
      score,
      note: kind,
    }))
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
}
