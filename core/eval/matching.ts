/**
 * Which prediction found which ground-truth segment: the greedy matching under mAP, DETAD, bootstrap and precision at a score.
 *
 * ActivityNet `Evaluation/eval_detection.py`, `compute_average_precision_detection`: per class, predictions of all videos in descending
 * score; each walks the ground truth of its video in descending tIoU and takes the first that is free and reaches the threshold.
 * The original's ties are unstable (`argsort()[::-1]`); here equal scores and equal tIoUs keep input order.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { temporalIou } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';

/** Segments by video, as a map or a record; order is the order of ties. */
export type ByVideo<T> = ReadonlyMap<string, readonly T[]> | Readonly<Record<string, readonly T[]>>;

/** A ground-truth segment with its place in the flat list. */
export interface GroundTruthEntry {
  readonly videoIndex: number;
  readonly classIndex: number;
  readonly segment: LabelledSegment;
}

/** A prediction with its place in the flat list; `classIndex` is −1 where the ground truth lacks the label. */
export interface PredictionEntry {
  readonly videoIndex: number;
  readonly classIndex: number;
  readonly segment: ScoredSegment;
}

/** Ground truth and predictions as flat lists with indices instead of names. */
export interface EvaluationSet {
  /** Every video that has ground truth or predictions. */
  readonly videos: readonly string[];
  /** Labels of the ground truth, by first appearance. */
  readonly labels: readonly string[];
  readonly groundTruth: readonly GroundTruthEntry[];
  readonly predictions: readonly PredictionEntry[];
}

/** The matches of one class. */
export interface ClassMatches {
  readonly label: string;
  /** Ground-truth segments of the class. */
  readonly groundTruthCount: number;
  /** Indices into the flat predictions, best score first. */
  readonly predictions: Int32Array;
  /** Per threshold: index into the flat ground truth, or −1 for a false positive; aligned with `predictions`. */
  readonly matched: readonly Int32Array[];
}

/** Entries of a map or a record, in order. */
export function entriesByVideo<T>(byVideo: ByVideo<T>): Iterable<readonly [string, readonly T[]]> {
  return byVideo instanceof Map ? byVideo.entries() : Object.entries(byVideo as Record<string, readonly T[]>);
}

/**
 * Flattens ground truth and predictions and gives classes and videos numbers.
 *
 * @throws StudioError `bad-input` when there is no ground truth, or a time or score is not a number
 */
export function collectEvaluationSet(
  groundTruth: ByVideo<LabelledSegment>,
  predictions: ByVideo<ScoredSegment>,
): EvaluationSet {
  const videoIndices = new Map<string, number>();
  const classIndices = new Map<string, number>();
  const indexOf = (indices: Map<string, number>, key: string): number => {
    const known = indices.get(key);
    if (known !== undefined) return known;
    indices.set(key, indices.size);
    return indices.size - 1;
  };
  const truth: GroundTruthEntry[] = [];
  for (const [video, segments] of entriesByVideo(groundTruth)) {
    for (const segment of segments) {
      requireFinite(
        segment.startSec + segment.endSec,
        `A ground-truth segment of video ${video} has a time that is not a number.`,
      );
      truth.push({
        videoIndex: indexOf(videoIndices, video),
        classIndex: indexOf(classIndices, segment.label),
        segment,
      });
    }
  }
  if (truth.length === 0) {
    throw new StudioError(
      'bad-input',
      'The ground truth has no segments, so there is nothing to measure against. Check the file and the subset.',
    );
  }
  const predicted: PredictionEntry[] = [];
  for (const [video, segments] of entriesByVideo(predictions)) {
    for (const segment of segments) {
      requireFinite(
        segment.startSec + segment.endSec + segment.score,
        `A prediction of video ${video} has a time or score that is not a number.`,
      );
      predicted.push({
        videoIndex: indexOf(videoIndices, video),
        classIndex: classIndices.get(segment.label) ?? -1,
        segment,
      });
    }
  }
  return {
    videos: [...videoIndices.keys()],
    labels: [...classIndices.keys()],
    groundTruth: truth,
    predictions: predicted,
  };
}

/** Matches each class at each threshold. Thresholds are independent of each other. */
export function matchDetections(set: EvaluationSet, tious: readonly number[]): ClassMatches[] {
  const truthByClass = groupBy(set.groundTruth, set.labels.length);
  const predictionsByClass = groupBy(set.predictions, set.labels.length);
  const taken = tious.map(() => new Uint8Array(set.groundTruth.length));
  return set.labels.map((label, classIndex) => {
    const truthByVideo = new Map<number, number[]>();
    for (const index of truthByClass[classIndex]!) {
      const { videoIndex } = set.groundTruth[index]!;
      const list = truthByVideo.get(videoIndex);
      if (list === undefined) truthByVideo.set(videoIndex, [index]);
      else list.push(index);
    }
    const order = Int32Array.from(predictionsByClass[classIndex]!).sort(
      (a, b) => set.predictions[b]!.segment.score - set.predictions[a]!.segment.score || a - b,
    );
    const matched = tious.map(() => new Int32Array(order.length).fill(-1));
    order.forEach((predictionIndex, rank) => {
      const prediction = set.predictions[predictionIndex]!;
      const candidates = truthByVideo.get(prediction.videoIndex);
      if (candidates === undefined) return;
      const ranked = candidates.map((index) => ({
        index,
        tiou: temporalIou(prediction.segment, set.groundTruth[index]!.segment),
      }));
      if (ranked.length > 1) ranked.sort((a, b) => b.tiou - a.tiou || a.index - b.index);
      for (let t = 0; t < tious.length; t += 1) {
        for (const candidate of ranked) {
          if (candidate.tiou < tious[t]!) break;
          if (taken[t]![candidate.index] === 1) continue;
          taken[t]![candidate.index] = 1;
          matched[t]![rank] = candidate.index;
          break;
        }
      }
    });
    return { label, groundTruthCount: truthByClass[classIndex]!.length, predictions: order, matched };
  });
}

/** Indices of the entries of each class; entries without a class are left out. */
function groupBy(entries: readonly { readonly classIndex: number }[], classCount: number): number[][] {
  const groups: number[][] = Array.from({ length: classCount }, () => []);
  entries.forEach((entry, index) => groups[entry.classIndex]?.push(index));
  return groups;
}

function requireFinite(value: number, message: string): void {
  if (!Number.isFinite(value)) {
    throw new StudioError('bad-input', `${message} Correct the file and try again.`);
  }
}
