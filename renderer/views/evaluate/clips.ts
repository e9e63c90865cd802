/** The clips behind a bar or a point: errors by kind, label or threshold, right ones, or edges whose offset falls into a bin. */
import type { EvaluationInfo } from '#core/contract/info';

/** What a person picked in a figure. */
export type ClipChoice =
  | { readonly kind: 'all' }
  | { readonly kind: 'error'; readonly error: string }
  /** `minScore`: only predictions at least that sure, where a point of the precision–recall curve was picked. */
  | { readonly kind: 'label'; readonly label: string; readonly minScore: number }
  /** What is wrong when only this much overlap counts. The evaluation is one at that threshold. */
  | {
      readonly kind: 'tiou';
      readonly tiou: number;
      readonly evaluation: EvaluationInfo;
      readonly name: string;
    }
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

type Offset = EvaluationInfo['boundaryOffsets'][number];

/** Seconds with a sign, "−0.05 s". */
const signed = (sec: number): string => `${sec < 0 ? '−' : '+'}${Math.abs(sec).toFixed(2)} s`;
const clipOf = ({ videoId, label, startSec, endSec }: Offset, note: string): Clip => ({
  videoId,
  label,
  startSec,
  endSec,
  score: null,
  note,
});

/** Clips of a choice; errors most confident first. */
export function clipsOf(evaluation: EvaluationInfo, choice: ClipChoice): Clip[] {
  if (choice.kind === 'offset') {
    const offsetOf = (one: Offset): number =>
      choice.edge === 'start' ? one.startOffsetSec : one.endOffsetSec;
    return evaluation.boundaryOffsets
      .filter((one) => offsetOf(one) >= choice.from && offsetOf(one) < choice.to)
      .map((one) => clipOf(one, signed(offsetOf(one))));
  }
  if (choice.kind === 'error' && choice.error === 'truePositive') {
    return evaluation.boundaryOffsets.map((one) => clipOf(one, 'truePositive'));
  }
  const { errors } = choice.kind === 'tiou' ? choice.evaluation : evaluation;
  return errors
    .filter(
      (error) =>
        choice.kind === 'all' ||
        choice.kind === 'tiou' ||
        (choice.kind === 'error'
          ? error.kind === choice.error
          : error.label === choice.label && (error.score ?? 1) >= choice.minScore),
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
