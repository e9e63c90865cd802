/**
 * Mean average precision of temporal detections, as the ActivityNet challenge measures it.
 *
 * ActivityNet `Evaluation/eval_detection.py` (the same code in G-TAD and OpenTAD). Its edge rules are kept: duplicated ground truth counts,
 * predictions in videos without ground truth are false positives, a class without predictions has AP 0, labels that the ground truth lacks
 * are left out. Float64; ties keep input order.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { averagePrecision, mean } from './averagePrecision.ts';
import type { ByVideo, ClassMatches, EvaluationSet } from './matching.ts';
import { collectEvaluationSet, matchDetections } from './matching.ts';
import { tiouKey } from './protocol.ts';

/** Results by threshold (`0.50`). */
export type ByTiou = Record<string, number>;

/** mAP and AP; every number a fraction (0–1). */
export interface DetectionEvaluation {
  readonly tiou: number[];
  /** Mean over classes, by threshold. */
  readonly map: ByTiou;
  /** Mean of `map` over thresholds. */
  readonly averageMap: number;
  /** AP by label and threshold. */
  readonly ap: Record<string, ByTiou>;
}

/**
 * Evaluates predictions against ground truth.
 *
 * @param tious thresholds (`tiousOf`)
 * @throws StudioError `bad-input` for an empty ground truth or numbers that are not finite
 */
export function evaluateDetections(
  groundTruth: ByVideo<LabelledSegment>,
  predictions: ByVideo<ScoredSegment>,
  tious: readonly number[],
): DetectionEvaluation {
  const set = collectEvaluationSet(groundTruth, predictions);
  return summariseMatches(matchDetections(set, tious), tious);
}

/** mAP from matches that are already there. */
export function summariseMatches(
  classes: readonly ClassMatches[],
  tious: readonly number[],
): DetectionEvaluation {
  const ap: Record<string, ByTiou> = Object.create(null) as Record<string, ByTiou>;
  const perTiou: number[][] = tious.map(() => []);
  for (const matches of classes) {
    const byTiou: ByTiou = {};
    tious.forEach((tiou, t) => {
      const value = averagePrecision(matches.matched[t]!, { groundTruthCount: matches.groundTruthCount });
      byTiou[tiouKey(tiou)] = value;
      perTiou[t]!.push(value);
    });
    ap[matches.label] = byTiou;
  }
  const maps = perTiou.map(mean);
  const map: ByTiou = Object.fromEntries(tious.map((tiou, t) => [tiouKey(tiou), maps[t]!]));
  return { tiou: [...tious], map, averageMap: mean(maps), ap };
}

/** Labels that predictions use and the ground truth lacks: they cannot count, and the person should hear of it. */
export function unknownLabels(set: EvaluationSet): string[] {
  const unknown = set.predictions.filter((entry) => entry.classIndex < 0).map((entry) => entry.segment.label);
  return [...new Set(unknown)];
}
