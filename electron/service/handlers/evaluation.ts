/**
 * Figures of a model on a subset: mAP, per label, curves, boundary offsets, error types and the clips behind them.
 */
import { isCovered } from '#core/data/grid';
import { diagnoseDetections } from '#core/eval/diagnosis';
import { bootstrapDifference, bootstrapMap } from '#core/eval/bootstrap';
import { collectEvaluationSet, matchDetections } from '#core/eval/matching';
import type { ClassMatches, EvaluationSet } from '#core/eval/matching';
import { mean, precisionRecall } from '#core/eval/averagePrecision';
import { summariseMatches } from '#core/eval/meanAveragePrecision';
import { tiouKey, tiousOf } from '#core/eval/protocol';
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { temporalIou } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import type { ComparisonInfo, EvaluationInfo, Subset, VideoInfo } from '#core/contract/info';
import type { JobVideo } from '#core/train/job';
import { jobVideo } from '#service/jobs/snapshot';
import type { Store } from '#service/store/store';

const ERRORS_SHOWN = 500;
const CURVE_POINTS = 200;
const HALF = 0.5;
const LEAST_OVERLAP = 0.1;
const BOOTSTRAP_DRAWS = 200;

type EvaluationError = EvaluationInfo['errors'][number];

/** Predictions that are wrong at a threshold, in DETAD's words, and segments that nothing found. */
function errorsOf(set: EvaluationSet, classes: readonly ClassMatches[], tiou: number): EvaluationError[] {
  const found = new Set<number>();
  const right = new Set<number>();
  for (const matches of classes) {
    matches.matched[0]?.forEach((truth, rank) => {
      const index = matches.predictions[rank];
      if (truth >= 0 && index !== undefined) {
        found.add(truth);
        right.add(index);
      }
    });
  }
  const truthsOf = Map.groupBy(set.groundTruth, (entry) => entry.videoIndex);
  const wrong = set.predictions
    .map((entry, index) => ({ entry, index }))
    .filter(({ index }) => !right.has(index))
    .sort((a, b) => b.entry.segment.score - a.entry.segment.score)
    .slice(0, ERRORS_SHOWN)
    .map(({ entry }): EvaluationError => {
      let same = 0;
      let other = 0;
      for (const truth of truthsOf.get(entry.videoIndex) ?? []) {
        const overlap = temporalIou(entry.segment, truth.segment);
        if (truth.classIndex === entry.classIndex) same = Math.max(same, overlap);
        else other = Math.max(other, overlap);
      }
      const kind =
        same >= tiou
          ? 'doubleDetection'
          : other >= tiou
            ? 'wrongLabel'
            : same >= LEAST_OVERLAP
              ? 'localization'
              : other >= LEAST_OVERLAP
                ? 'confusion'
                : 'background';
      const { label, startSec, endSec, score } = entry.segment;
      return { kind, videoId: set.videos[entry.videoIndex] ?? '', label, startSec, endSec, score };
    });
  const missed = set.groundTruth
    .filter((_, index) => !found.has(index))
    .slice(0, ERRORS_SHOWN)
    .map(({ segment: { label, startSec, endSec }, videoIndex }): EvaluationError => ({
      kind: 'missed',
      videoId: set.videos[videoIndex] ?? '',
      label,
      startSec,
      endSec,
      score: null,
    }));
  return [...wrong, ...missed];
}

/** [score, precision, recall] of one label, thinned. */
function curveOf(
  set: EvaluationSet,
  matches: ClassMatches,
  tiouIndex: number,
): (readonly [number, number, number])[] {
  const matched = matches.matched[tiouIndex];
  if (matched === undefined) return [];
  const { precision, recall } = precisionRecall(matched, { groundTruthCount: matches.groundTruthCount });
  const step = Math.max(1, Math.ceil(matched.length / CURVE_POINTS));
  const points: (readonly [number, number, number])[] = [];
  for (let rank = 0; rank < matched.length; rank += step) {
    const score = set.predictions[matches.predictions[rank] ?? 0]?.segment.score ?? 0;
    points.push([score, precision[rank] ?? 0, recall[rank] ?? 0]);
  }
  return points;
}

/** Labelled videos of a subset with their truth. */
interface Subject {
  readonly videos: readonly VideoInfo[];
  readonly truth: ReadonlyMap<string, readonly LabelledSegment[]>;
  readonly covered: ReadonlyMap<string, JobVideo['covered']>;
}

/** @throws StudioError `bad-input` when nothing is labelled there */
function subjectOf(store: Store, subset: Subset): Subject {
  const videos = store.videos
    .all()
    .filter((video) => video.subset === subset && (video.segmentCount > 0 || video.coveredShare > 0));
  if (videos.length === 0) {
    throw new StudioError(
      'bad-input',
      `No labelled video is in the ${subset} subset. Label some, or choose another subset.`,
    );
  }
  const known = videos.map((video) => jobVideo(store, video));
  return {
    videos,
    truth: new Map(known.map((video) => [video.id, video.segments])),
    covered: new Map(known.map((video) => [video.id, video.covered])),
  };
}

/** What a model predicted there. @throws StudioError `conflict` when it has not predicted on all of the videos */
function predictionsOf(
  store: Store,
  modelId: string,
  subset: Subset,
  { videos, covered }: Subject,
): Map<string, readonly ScoredSegment[]> {
  const model = store.models.require(modelId);
  const missing = videos.filter((video) => !store.predictions.hasRun(video.id, modelId));
  const [first] = missing;
  if (first !== undefined) {
    throw new StudioError(
      'conflict',
      `${model.name} has not predicted on ${missing.length === 1 ? first.name : `${missing.length} videos of the ${subset} subset`} yet. Run a prediction first.`,
      { modelId, videoIds: missing.map((video) => video.id) },
    );
  }
  const names = new Map(store.document.labels().map((label) => [label.id, label.name]));
  return new Map(
    videos.map((video) => [
      video.id,
      store.predictions
        .ofVideo(video.id, modelId, 0)
        .map(({ labelId, startSec, endSec, score }) => ({
          label: names.get(labelId) ?? labelId,
          startSec,
          endSec,
          score,
        }))
        // Only what somebody looked at counts.
        .filter((segment) => isCovered(segment, covered.get(video.id))),
    ]),
  );
}

/**
 * Whether a model is better than another on the labelled videos of a subset.
 *
 * @throws StudioError as `evaluateModel`
 */
export function compareModels(
  store: Store,
  modelId: string,
  otherId: string,
  subset: Subset,
): ComparisonInfo {
  const subject = subjectOf(store, subset);
  const { difference, interval } = bootstrapDifference(
    subject.truth,
    predictionsOf(store, modelId, subset, subject),
    predictionsOf(store, otherId, subset, subject),
    tiousOf('activitynet'),
    { draws: BOOTSTRAP_DRAWS },
  );
  const videoCount = subject.videos.length;
  return {
    subset,
    videoCount,
    difference,
    interval: videoCount > 1 ? [interval.low, interval.high] : null,
  };
}

/**
 * Evaluates a model's predictions in the project.
 *
 * @throws StudioError `conflict` when the model has not predicted there, `bad-input` when nothing is labelled there
 */
export function evaluateModel(
  store: Store,
  modelId: string,
  subset: Subset,
  thresholds: readonly number[] | null,
): EvaluationInfo {
  const subject = subjectOf(store, subset);
  const { videos, truth } = subject;
  const predictions = predictionsOf(store, modelId, subset, subject);
  const tious = thresholds === null || thresholds.length === 0 ? tiousOf('activitynet') : [...thresholds];
  const set = collectEvaluationSet(truth, predictions);
  const classes = matchDetections(set, tious);
  const summary = summariseMatches(classes, tious);
  const errorTiou = thresholds?.length === 1 ? (thresholds[0] ?? HALF) : HALF;
  const judged = matchDetections(set, [errorTiou]);
  const offsets = judged.flatMap((matches) =>
    [...(matches.matched[0] ?? [])].flatMap((truthIndex, rank) => {
      const real = set.groundTruth[truthIndex];
      const predicted = set.predictions[matches.predictions[rank] ?? -1];
      if (real === undefined || predicted === undefined) return [];
      const { startSec, endSec, label } = predicted.segment;
      return [
        {
          videoId: set.videos[predicted.videoIndex] ?? '',
          label,
          startOffsetSec: startSec - real.segment.startSec,
          endOffsetSec: endSec - real.segment.endSec,
          startSec,
          endSec,
        },
      ];
    }),
  );
  const diagnosis = diagnoseDetections(truth, predictions, {
    tious: [errorTiou],
    durationsSec: new Map(videos.map((video) => [video.id, video.durationSec])),
  });
  const interval =
    videos.length > 1 ? bootstrapMap(truth, predictions, tious, { draws: BOOTSTRAP_DRAWS }) : null;
  return {
    modelId,
    subset,
    videoCount: videos.length,
    segmentCount: set.groundTruth.length,
    tiou: tious,
    map: summary.map,
    averageMap: summary.averageMap,
    averageMapInterval: interval === null ? null : [interval.averageMap.low, interval.averageMap.high],
    mapInterval:
      interval === null
        ? null
        : Object.fromEntries(
            Object.entries(interval.map).map(([tiou, { low, high }]) => [tiou, [low, high]]),
          ),
    perLabel: Object.entries(summary.ap).map(([label, ap]) => ({
      label,
      ap,
      averageAp: mean(Object.values(ap)),
    })),
    precisionRecall: judged.map((matches) => ({
      label: matches.label,
      tiou: errorTiou,
      points: curveOf(set, matches, 0),
    })),
    boundaryOffsets: offsets,
    errorTiou,
    falsePositiveProfile: diagnosis.profile[tiouKey(errorTiou)] ?? [],
    errors: errorsOf(set, judged, errorTiou),
  };
}
