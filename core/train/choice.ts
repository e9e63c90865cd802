/**
 * Which of the two models of a training is kept, from what both find in held-out videos.
 *
 * A handful of held-out segments cannot tell two models apart: the difference of their average mAP is uncertain by ten points. So LoFi is kept
 * unless the frozen encoder is clearly better, and the person is told the difference with its interval (decision 0066).
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { bootstrapDifference } from '#core/eval/bootstrap';
import type { DifferenceResult } from '#core/eval/bootstrap';
import { tiousOf } from '#core/eval/protocol';
import { FEW_SEGMENTS } from './defaults.ts';
import type { TimedVideo } from './environment.ts';
import { inCoveredTime } from './heldOut.ts';
import type { TrainedModel, TrainResult } from './job.ts';

/** A model of a training, as far as it is compared. */
export interface ComparedVariant {
  readonly variant: TrainedModel['variant'];
  readonly validation: TrainedModel['validation'];
  /** What it finds in held-out videos, by video, in seconds. */
  readonly heldOut: Readonly<Record<string, readonly ScoredSegment[]>>;
}

/** Which is kept, and why in words. */
export interface VariantChoice {
  readonly kept: TrainResult['kept'];
  readonly reason: string;
}

type HeldOutVideo = Pick<TimedVideo, 'id' | 'segments' | 'covered'>;

/** Share of the draws that the interval of the difference holds. Measured: docs/benchmarks.md, "Training on little". */
const CONFIDENCE = 0.8;
const DRAWS = 500;
/** Of fewer stretches no interval can be drawn. */
const FEWEST_STRETCHES = 3;

/**
 * Cuts videos in the middle between neighbouring true segments, so that each stretch holds one segment and what was predicted around it; a
 * video without segments stays whole. The unit of the bootstrap, because often a single video is held out.
 *
 * @returns both by stretch
 */
export function stretchesOf(
  videos: readonly HeldOutVideo[],
  predictions: ComparedVariant['heldOut'],
): {
  readonly truth: Readonly<Record<string, readonly LabelledSegment[]>>;
  readonly found: ComparedVariant['heldOut'];
} {
  const truth: Record<string, LabelledSegment[]> = {};
  const found: Record<string, ScoredSegment[]> = {};
  for (const video of videos) {
    const sorted = [...video.segments].sort((a, b) => a.startSec - b.startSec);
    const cuts = sorted.slice(1).map((segment, index) => (sorted[index]!.endSec + segment.startSec) / 2);
    const nameOf = (index: number): string => `${video.id}/${index}`;
    for (let index = 0; index < Math.max(1, sorted.length); index += 1) {
      truth[nameOf(index)] = sorted.slice(index, index + 1);
      found[nameOf(index)] = [];
    }
    for (const segment of inCoveredTime(video, predictions)) {
      const middle = (segment.startSec + segment.endSec) / 2;
      found[nameOf(cuts.filter((cut) => cut <= middle).length)]!.push(segment);
    }
  }
  return { truth, found };
}

/** How much better LoFi is than the frozen encoder, with the interval; null where too little was held out to draw one. */
function compare(
  lofi: ComparedVariant,
  frozen: ComparedVariant,
  videos: readonly HeldOutVideo[],
): DifferenceResult | null {
  const { truth, found } = stretchesOf(videos, lofi.heldOut);
  if (Object.values(truth).filter((segments) => segments.length > 0).length < FEWEST_STRETCHES) return null;
  const others = stretchesOf(videos, frozen.heldOut).found;
  return bootstrapDifference(truth, found, others, tiousOf('activitynet'), {
    draws: DRAWS,
    confidence: CONFIDENCE,
  });
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
const signed = (fraction: number): string => {
  const text = (100 * Math.abs(fraction)).toFixed(1);
  return fraction < 0 && Number(text) !== 0 ? `−${text}` : text;
};

/** LoFi, unless the frozen encoder is clearly better on held-out videos. */
export function chooseVariant(
  variants: readonly ComparedVariant[],
  validation: readonly HeldOutVideo[],
): VariantChoice {
  const frozen = variants.find(({ variant }) => variant === 'frozen');
  const lofi = variants.find(({ variant }) => variant === 'lofi');
  const [only] = variants;
  if (variants.length === 1 && only !== undefined) {
    const name = only.variant === 'lofi' ? 'LoFi' : 'the frozen encoder';
    return { kept: only.variant, reason: `Only ${name} was trained.` };
  }
  if (frozen?.validation == null || lofi?.validation == null) {
    return {
      kept: 'lofi',
      reason: 'No labelled video was held out, so nothing says which is better. LoFi is kept.',
    };
  }
  const compared = compare(lofi, frozen, validation);
  const kept = compared !== null && compared.interval.high < 0 ? 'frozen' : 'lofi';
  const isClear = kept === 'frozen' || (compared !== null && compared.interval.low > 0);
  const [winner, loser] = kept === 'lofi' ? ['LoFi', 'the frozen encoder'] : ['The frozen encoder', 'LoFi'];
  const [own, other] = kept === 'lofi' ? [lofi, frozen] : [frozen, lofi];
  const gain = own.validation!.averageMap - other.validation!.averageMap;
  const sign = kept === 'lofi' ? 1 : -1;
  const ends = compared === null ? [] : [sign * compared.interval.low, sign * compared.interval.high];
  const [low, high] = ends.sort((a, b) => a - b);
  const interval =
    low === undefined
      ? 'too few for an interval'
      : `${100 * CONFIDENCE} % interval ${signed(low)} to ${signed(high!)}`;
  const segments = validation.reduce((sum, video) => sum + video.segments.length, 0);
  const points = (100 * Math.abs(gain)).toFixed(1);
  const difference = gain < 0 ? `${points} points less` : `${points} points more`;
  const chance = isClear
    ? ''
    : ' That is within chance, where LoFi is kept; the frozen encoder stays in the list of models.';
  const caution = segments < FEW_SEGMENTS ? ' So few say little: set more labelled videos aside.' : '';
  return {
    kept,
    reason: `${winner} is kept: average mAP ${percent(own.validation!.averageMap)} against ${percent(other.validation!.averageMap)} of ${loser} on held-out videos (${difference}, ${interval}, ${segments} segments).${chance}${caution}`,
  };
}
