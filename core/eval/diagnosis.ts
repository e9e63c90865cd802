/**
 * DETAD: what kind of mistakes a detector makes, and on what kind of segments.
 *
 * Alwassel et al., “Diagnosing Error in Temporal Action Detectors”, ECCV 2018; `src/action_detector_diagnosis.py` and the three analyses.
 * One departure: predictions in a video without ground truth are Background (the original compares the second and later ones with the
 * previous video's, a bug). Ties keep input order.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { temporalIou } from '#core/annotation/segment';
import { averagePrecision, mean, precisionRecall } from './averagePrecision.ts';
import type { BucketEdges, Characteristic } from './characteristics.ts';
import { ACTIVITYNET_EDGES, BUCKETS, characterise } from './characteristics.ts';
import type { ByVideo, ClassMatches, EvaluationSet } from './matching.ts';
import { collectEvaluationSet, matchDetections } from './matching.ts';
import { tiouKey } from './protocol.ts';

/** What a prediction can be, in DETAD's order. */
export const PREDICTION_KINDS = [
  'truePositive',
  'doubleDetection',
  'wrongLabel',
  'localization',
  'confusion',
  'background',
] as const;

/** One of `PREDICTION_KINDS`. */
export type PredictionKind = (typeof PREDICTION_KINDS)[number];

/** Share of each kind, 0–1. */
export type ProfileRow = Readonly<Record<PredictionKind, number>>;

/** A characteristic's value by bucket (`XS` … `XL`); only buckets that have segments. */
export type ByBucket = Readonly<Record<string, number>>;

/** The whole diagnosis; fractions. */
export interface Diagnosis {
  readonly tiou: number[];
  /** By threshold: ten rows for the disjoint ranges 1G … 10G of the score order. */
  readonly profile: Readonly<Record<string, readonly ProfileRow[]>>;
  /** Average mAP_N of the ten ranges. */
  readonly averageMapN: number;
  /** What average mAP_N gains when all predictions of a kind are taken away. */
  readonly gain: Readonly<Record<Exclude<PredictionKind, 'truePositive'>, number>>;
  /** Average mAP_N over all predictions, whole (`base`) and by characteristic. */
  readonly sensitivity: { readonly base: number } & Readonly<Record<Characteristic, ByBucket>>;
  /** Share of ground truth that no prediction found, whole (`all`) and by characteristic. */
  readonly missed: { readonly all: number } & Readonly<Record<Characteristic, ByBucket>>;
}

/** Thresholds, lengths of videos and buckets. */
export interface DiagnosisOptions {
  readonly tious: readonly number[];
  /** For coverage; videos without a length have none. */
  readonly durationsSec?: ReadonlyMap<string, number>;
  readonly edges?: BucketEdges;
}

const ROWS = 10;
const LEAST_OVERLAP = 0.1;
/** DETAD's false-negative analysis: a prediction at or below this normalised precision detects nothing. */
const LEAST_PRECISION = 0.05;

/**
 * Diagnoses predictions.
 *
 * @throws StudioError `bad-input` for an empty ground truth or numbers that are not finite
 */
export function diagnoseDetections(
  groundTruth: ByVideo<LabelledSegment>,
  predictions: ByVideo<ScoredSegment>,
  { tious, durationsSec = new Map(), edges = ACTIVITYNET_EDGES }: DiagnosisOptions,
): Diagnosis {
  const set = collectEvaluationSet(groundTruth, predictions);
  const normaliser = set.groundTruth.length / set.labels.length;
  const all = matchDetections(set, tious);
  // A match depends only on better predictions, so the first 10G of each class are matched as if they were alone.
  const limited = all.map((matches) => limitMatches(matches, ROWS * matches.groundTruthCount));
  const truthByVideo = groundTruthByVideo(set);
  const kinds = limited.map((matches) => classify(set, truthByVideo, matches, tious));
  const buckets = characterise(
    set.groundTruth,
    set.videos.map((video) => durationsSec.get(video)),
    edges,
  );
  const averageMapN = meanOverCells(limited, tious, (matches, t) =>
    averagePrecision(matches.matched[t]!, { groundTruthCount: matches.groundTruthCount, normaliser }),
  );
  const gainOf = (kind: PredictionKind): number =>
    meanOverCells(limited, tious, (matches, t, c) => {
      const kept = matches.matched[t]!.filter(
        (_, rank) => kinds[c]![t]![rank] !== PREDICTION_KINDS.indexOf(kind),
      );
      return averagePrecision(kept, { groundTruthCount: matches.groundTruthCount, normaliser });
    }) - averageMapN;
  return {
    tiou: [...tious],
    profile: Object.fromEntries(tious.map((tiou, t) => [tiouKey(tiou), profileOf(limited, kinds, t)])),
    averageMapN,
    gain: {
      doubleDetection: gainOf('doubleDetection'),
      wrongLabel: gainOf('wrongLabel'),
      localization: gainOf('localization'),
      confusion: gainOf('confusion'),
      background: gainOf('background'),
    },
    sensitivity: {
      base: meanOverCells(all, tious, (matches, t) =>
        averagePrecision(matches.matched[t]!, { groundTruthCount: matches.groundTruthCount, normaliser }),
      ),
      ...byCharacteristic(buckets, (members) => sensitivityTo(set, all, tious, members, normaliser)),
    },
    missed: missedOf(set, all, tious, normaliser, buckets),
  };
}

function limitMatches(matches: ClassMatches, limit: number): ClassMatches {
  return {
    ...matches,
    predictions: matches.predictions.subarray(0, limit),
    matched: matches.matched.map((matched) => matched.subarray(0, limit)),
  };
}

/** Mean over thresholds and classes. */
function meanOverCells(
  classes: readonly ClassMatches[],
  tious: readonly number[],
  value: (matches: ClassMatches, tiouIndex: number, classIndex: number) => number,
): number {
  return mean(tious.flatMap((_, t) => classes.map((matches, c) => value(matches, t, c))));
}

/** Kind of each prediction of a class by threshold, as indices into `PREDICTION_KINDS`. */
function classify(
  set: EvaluationSet,
  truthByVideo: ReadonlyMap<number, readonly number[]>,
  matches: ClassMatches,
  tious: readonly number[],
): Uint8Array[] {
  const nearest = Array.from(matches.predictions, (predictionIndex) => {
    const prediction = set.predictions[predictionIndex]!;
    let best = { tiou: -1, sameLabel: false };
    for (const index of truthByVideo.get(prediction.videoIndex) ?? []) {
      const entry = set.groundTruth[index]!;
      const tiou = temporalIou(prediction.segment, entry.segment);
      if (tiou > best.tiou) best = { tiou, sameLabel: entry.classIndex === prediction.classIndex };
    }
    return best;
  });
  return tious.map((threshold, t) =>
    Uint8Array.from(nearest, ({ tiou, sameLabel }, rank) => {
      if (matches.matched[t]![rank]! >= 0) return 0;
      if (tiou >= threshold) return sameLabel ? 1 : 2;
      if (tiou >= LEAST_OVERLAP) return sameLabel ? 3 : 4;
      return 5;
    }),
  );
}

function groundTruthByVideo(set: EvaluationSet): Map<number, number[]> {
  const byVideo = new Map<number, number[]>();
  set.groundTruth.forEach((entry, index) => {
    const list = byVideo.get(entry.videoIndex);
    if (list === undefined) byVideo.set(entry.videoIndex, [index]);
    else list.push(index);
  });
  return byVideo;
}

function profileOf(
  classes: readonly ClassMatches[],
  kinds: readonly (readonly Uint8Array[])[],
  t: number,
): ProfileRow[] {
  return Array.from({ length: ROWS }, (_, row) => {
    const counts = PREDICTION_KINDS.map(() => 0);
    let total = 0;
    classes.forEach((matches, c) => {
      const size = matches.groundTruthCount;
      for (const kind of kinds[c]![t]!.subarray(row * size, (row + 1) * size)) {
        counts[kind]! += 1;
        total += 1;
      }
    });
    const share = (kind: PredictionKind): number =>
      total > 0 ? counts[PREDICTION_KINDS.indexOf(kind)]! / total : 0;
    return {
      truePositive: share('truePositive'),
      doubleDetection: share('doubleDetection'),
      wrongLabel: share('wrongLabel'),
      localization: share('localization'),
      confusion: share('confusion'),
      background: share('background'),
    };
  });
}

/** A value for each bucket that has ground truth. */
function byCharacteristic(
  buckets: ReturnType<typeof characterise>,
  value: (members: Uint8Array) => number,
): Record<Characteristic, ByBucket> {
  const of = (name: Characteristic): ByBucket => {
    const found = BUCKETS.filter((bucket) => buckets.some((each) => each[name] === bucket));
    return Object.fromEntries(
      found.map((bucket) => [
        bucket,
        value(Uint8Array.from(buckets, (each) => (each[name] === bucket ? 1 : 0))),
      ]),
    );
  };
  return { coverage: of('coverage'), length: of('length'), instances: of('instances') };
}

/**
 * Average mAP_N on some of the ground truth: its matches and all false positives stay, matches of other ground truth go. As in the
 * original, a prediction that found other ground truth at any threshold goes at all of them.
 */
function sensitivityTo(
  set: EvaluationSet,
  classes: readonly ClassMatches[],
  tious: readonly number[],
  members: Uint8Array,
  normaliser: number,
): number {
  const counts = set.labels.map(() => 0);
  set.groundTruth.forEach((entry, index) => {
    if (members[index] === 1) counts[entry.classIndex]! += 1;
  });
  const present = classes.flatMap((matches, c) =>
    counts[c]! > 0 ? [{ matches, groundTruthCount: counts[c]! }] : [],
  );
  return mean(
    present.flatMap(({ matches, groundTruthCount }) => {
      const stays = Uint8Array.from(matches.predictions, (_, rank) =>
        matches.matched.every((matched) => matched[rank]! < 0 || members[matched[rank]!] === 1) ? 1 : 0,
      );
      return tious.map((_, t) => {
        const kept = matches.matched[t]!.filter((_truth, rank) => stays[rank] === 1);
        return averagePrecision(kept, { groundTruthCount, normaliser });
      });
    }),
  );
}

function missedOf(
  set: EvaluationSet,
  classes: readonly ClassMatches[],
  tious: readonly number[],
  normaliser: number,
  buckets: ReturnType<typeof characterise>,
): Diagnosis['missed'] {
  const found = tious.map((_, t) => {
    const hit = new Uint8Array(set.groundTruth.length);
    for (const { matched, groundTruthCount } of classes) {
      const { precision } = precisionRecall(matched[t]!, { groundTruthCount, normaliser });
      matched[t]!.forEach((truth, rank) => {
        if (truth >= 0 && precision[rank]! > LEAST_PRECISION) hit[truth] = 1;
      });
    }
    return hit;
  });
  const shareOf = (members: Uint8Array): number => {
    const total = members.reduce((sum, member) => sum + member, 0);
    return mean(
      found.map(
        (hit) =>
          members.reduce((sum, member, index) => sum + (member === 1 && hit[index] === 0 ? 1 : 0), 0) / total,
      ),
    );
  };
  return {
    all: shareOf(new Uint8Array(set.groundTruth.length).fill(1)),
    ...byCharacteristic(buckets, shareOf),
  };
}
