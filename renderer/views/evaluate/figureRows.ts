/** The numbers behind the figures of the Evaluate screen, as flat rows. */
import type { EvaluationInfo } from '#core/contract/info';

/** Kinds of DETAD's profile, from the good to the worst. */
export const PROFILE_KINDS = [
  'truePositive',
  'doubleDetection',
  'wrongLabel',
  'localization',
  'confusion',
  'background',
] as const;
/** Their colours, apart from each other for all three common colour-blindnesses. */
export const PROFILE_COLOURS = ['#7fb98a', '#f0cc28', '#c078a0', '#5490f4', '#fc9028', '#6d7787'] as const;

const BINS = 24;

/** Average precision by label. */
export function labelRows(evaluation: EvaluationInfo): { readonly label: string; readonly ap: number }[] {
  return evaluation.perLabel.map(({ label, averageAp }) => ({ label, ap: averageAp }));
}

/** DETAD's profile: one row for each share of each range 1G … 10G. */
export function profileRows(
  evaluation: EvaluationInfo,
): { readonly range: number; readonly kind: (typeof PROFILE_KINDS)[number]; readonly share: number }[] {
  return evaluation.falsePositiveProfile.flatMap((row, i) =>
    PROFILE_KINDS.map((kind) => ({ range: i + 1, kind, share: row[kind] })),
  );
}

/** A point of a precision–recall curve. */
export interface CurvePoint {
  /** Recall. */
  readonly x: number;
  /** Precision, the best at this recall or a higher one, as average precision takes it. */
  readonly y: number;
  /** The label. */
  readonly series: string;
  /** Confidence from which predictions count here. */
  readonly score: number;
}

/** Precision–recall curves of all labels. */
export function curveRows(evaluation: EvaluationInfo): CurvePoint[] {
  return evaluation.precisionRecall.flatMap(({ label, points }) => {
    let best = 0;
    return points
      .slice()
      .reverse()
      .map(([score, precision, recall]): CurvePoint => {
        best = Math.max(best, precision);
        return { x: recall, y: best, series: label, score };
      })
      .reverse();
  });
}

/** Counts of offsets in bins of equal width around zero; start and end apart. */
export function offsetBins(evaluation: EvaluationInfo): {
  readonly edge: 'start' | 'end';
  readonly from: number;
  readonly to: number;
  /** Where the bar is drawn; `from` and `to` of the outermost bars reach to infinity. */
  readonly low: number;
  readonly high: number;
  readonly middle: number;
  readonly count: number;
}[] {
  const offsets = evaluation.boundaryOffsets;
  if (offsets.length === 0) {
    return [];
  }
  const sizes = offsets
    .flatMap((one) => [Math.abs(one.startOffsetSec), Math.abs(one.endOffsetSec)])
    .sort((a, b) => a - b);
  // The outermost two per cent would squeeze all others together; they fall into the last bins.
  const reach = Math.max(1e-3, sizes[Math.floor(sizes.length * 0.98)] ?? 0, sizes[0]!);
  const width = (2 * reach) / BINS;
  return (['start', 'end'] as const).flatMap((edge) => {
    const counts = new Array<number>(BINS).fill(0);
    for (const one of offsets) {
      const value = edge === 'start' ? one.startOffsetSec : one.endOffsetSec;
      const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value + reach) / width)));
      counts[bin]! += 1;
    }
    return counts.map((count, i) => {
      const from = i * width - reach;
      return {
        edge,
        from: i === 0 ? -Infinity : from,
        to: i === BINS - 1 ? Infinity : from + width,
        low: from,
        high: from + width,
        middle: from + width / 2,
        count,
      };
    });
  });
}
