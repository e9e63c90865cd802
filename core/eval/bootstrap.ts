/**
 * Confidence intervals of mAP by drawing videos with replacement.
 *
 * Efron's percentile bootstrap with the video as the unit, because segments of one video are not independent. Matching happens within a
 * video, so it is done once; a draw only changes how often each video counts. Small data sets have wide intervals: that is the point.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import type { Random } from '#core/util/random';
import { createRandom } from '#core/util/random';
import { mean } from './averagePrecision.ts';
import type { ByVideo, ClassMatches, EvaluationSet } from './matching.ts';
import { collectEvaluationSet, matchDetections } from './matching.ts';
import type { ByTiou } from './meanAveragePrecision.ts';
import { tiouKey } from './protocol.ts';

/** Lower and upper end. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Intervals of average mAP and of mAP by threshold. */
export interface BootstrapResult {
  readonly averageMap: Interval;
  readonly map: Readonly<Record<string, Interval>>;
  readonly draws: number;
  /** Share of draws that the interval holds. */
  readonly confidence: number;
}

/** How often to draw, from which seed. */
export interface BootstrapOptions {
  readonly draws?: number;
  readonly confidence?: number;
  readonly seed?: number;
}

/** The quantile of sorted values, linear between them (`numpy.quantile`). */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const lower = sorted[below]!;
  return lower + ((sorted[Math.min(below + 1, sorted.length - 1)] ?? lower) - lower) * (place - below);
}

/**
 * Percentile intervals of mAP.
 *
 * @throws StudioError `bad-input` for an empty ground truth or numbers that are not finite
 */
export function bootstrapMap(
  groundTruth: ByVideo<LabelledSegment>,
  predictions: ByVideo<ScoredSegment>,
  tious: readonly number[],
  { draws = 1000, confidence = 0.95, seed = 1 }: BootstrapOptions = {},
): BootstrapResult {
  const set = collectEvaluationSet(groundTruth, predictions);
  const table = createDrawTable(set, matchDetections(set, tious), tious);
  const random = createRandom(seed);
  const samples = Array.from({ length: draws }, () =>
    mapOfDraw(table, drawVideos(random, set.videos.length)),
  );
  const tail = (1 - confidence) / 2;
  const interval = (values: number[]): Interval => {
    const sorted = values.sort((a, b) => a - b);
    return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  };
  return {
    averageMap: interval(samples.map((sample) => mean(Object.values(sample)))),
    map: Object.fromEntries(
      tious.map((tiou) => [tiouKey(tiou), interval(samples.map((sample) => sample[tiouKey(tiou)]!))]),
    ),
    draws,
    confidence,
  };
}

/** Average mAP of one model minus that of another, with its interval. */
export interface DifferenceResult {
  readonly difference: number;
  readonly interval: Interval;
}

/**
 * How much better one model is than another on the same videos. Both see the same draws, so what makes a video hard for both cancels out:
 * the interval is narrower than the two models' own ones would suggest.
 *
 * @throws StudioError `bad-input` for an empty ground truth or numbers that are not finite
 */
export function bootstrapDifference(
  groundTruth: ByVideo<LabelledSegment>,
  predictions: ByVideo<ScoredSegment>,
  others: ByVideo<ScoredSegment>,
  tious: readonly number[],
  { draws = 1000, confidence = 0.95, seed = 1 }: BootstrapOptions = {},
): DifferenceResult {
  const [first, second] = [predictions, others].map((own) => {
    const set = collectEvaluationSet(groundTruth, own);
    return createDrawTable(set, matchDetections(set, tious), tious);
  }) as [DrawTable, DrawTable];
  const average = (table: DrawTable, weights: Float64Array): number =>
    mean(Object.values(mapOfDraw(table, weights)));
  const count = first.set.videos.length;
  const differenceOf = (weights: Float64Array): number => average(first, weights) - average(second, weights);
  const random = createRandom(seed);
  const samples = Array.from({ length: draws }, () => differenceOf(drawVideos(random, count)));
  const sorted = samples.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return {
    difference: differenceOf(new Float64Array(count).fill(1)),
    interval: { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) },
  };
}

/** How often each of `count` videos comes up when `count` are drawn with replacement. */
function drawVideos(random: Random, count: number): Float64Array {
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i += 1) weights[random.integer(count)]! += 1;
  return weights;
}

/** Ranks of the predictions that found a segment, by class and threshold: all that AP needs beside the weights. */
export interface DrawTable {
  readonly set: EvaluationSet;
  readonly tious: readonly number[];
  readonly classes: readonly {
    /** Video of each prediction, best score first. */
    readonly videos: Int32Array;
    readonly hits: readonly Int32Array[];
  }[];
}

/** Prepares matches for many draws. */
export function createDrawTable(
  set: EvaluationSet,
  classes: readonly ClassMatches[],
  tious: readonly number[],
): DrawTable {
  return {
    set,
    tious,
    classes: classes.map(({ predictions, matched }) => ({
      videos: predictions.map((index) => set.predictions[index]!.videoIndex),
      hits: matched.map((truths) => Int32Array.from(truths.keys()).filter((rank) => truths[rank]! >= 0)),
    })),
  };
}

/**
 * mAP by threshold when each video counts so many times; classes whose ground truth was not drawn are left out.
 *
 * @param weights how often each video of the set was drawn
 */
export function mapOfDraw({ set, tious, classes }: DrawTable, weights: Float64Array): ByTiou {
  const counts = new Float64Array(classes.length);
  for (const entry of set.groundTruth) counts[entry.classIndex]! += weights[entry.videoIndex]!;
  const values: number[][] = tious.map(() => []);
  classes.forEach(({ videos, hits }, c) => {
    if (counts[c] === 0) return;
    const upTo = new Float64Array(videos.length);
    let total = 0;
    videos.forEach((video, rank) => {
      total += weights[video]!;
      upTo[rank] = total;
    });
    hits.forEach((ranks, t) =>
      values[t]!.push(weightedAveragePrecision(ranks, videos, upTo, weights, counts[c]!)),
    );
  });
  return Object.fromEntries(tious.map((tiou, t) => [tiouKey(tiou), mean(values[t]!)]));
}

/** AP from the true positives alone: between them recall stands still and precision falls, so interpolation ignores what lies there. */
function weightedAveragePrecision(
  ranks: Int32Array,
  videos: Int32Array,
  upTo: Float64Array,
  weights: Float64Array,
  groundTruthCount: number,
): number {
  let found = 0;
  for (const rank of ranks) found += weights[videos[rank]!]!;
  let area = 0;
  let best = 0;
  for (let i = ranks.length - 1; i >= 0; i -= 1) {
    const rank = ranks[i]!;
    const weight = weights[videos[rank]!]!;
    if (weight === 0) continue;
    best = Math.max(best, found / upTo[rank]!);
    area += (weight / groundTruthCount) * best;
    found -= weight;
  }
  return area;
}
