/**
 * Batches for a head: sequences of features with their ground truth, padded to one length.
 */
import { coveredSteps, rejectedOnGrid, segmentsOnGrid } from '#core/data/grid';
import { slicePlan, type SnippetPlan } from '#core/data/snippets';
import { slidingWindows } from '#core/data/windows';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import type { TimedVideo } from './environment.ts';
import type { VideoFeatures } from './extract.ts';

/** One sequence without its features. */
export interface SequenceTarget {
  readonly length: number;
  readonly segments: readonly GridSegment[];
  /** uint8 [length] */
  readonly covered: Uint8Array;
  /** What a person rejected there. */
  readonly rejected: readonly GridSegment[];
}

/** One sequence with features. float32 [length, C] */
export interface Sequence extends SequenceTarget {
  readonly features: Float32Array;
}

/** Ground truth of a video on a plan. */
export function sequenceTarget(
  video: TimedVideo,
  labels: readonly string[],
  plan: SnippetPlan,
): SequenceTarget {
  return {
    length: plan.snippets,
    segments: segmentsOnGrid(video.segments, labels, plan),
    covered: coveredSteps(video.covered, plan, video.segments),
    rejected: rejectedOnGrid(video.rejected, video.segments, labels, plan),
  };
}

/**
 * What a head trains on: each video, or its windows where it is longer than `windowSnippets`. Windows in which there is nothing to learn,
 * because nobody looked, are left out.
 */
export function trainingSequences(
  videos: readonly TimedVideo[],
  features: ReadonlyMap<string, VideoFeatures>,
  labels: readonly string[],
  windowSnippets: number,
): Sequence[] {
  return videos.flatMap((video) => {
    const { plan, features: rows } = features.get(video.id)!;
    const channels = rows.length / plan.snippets;
    const windows = slidingWindows(plan.snippets, windowSnippets);
    const sequences = windows.map(({ start, count }): Sequence => ({
      ...sequenceTarget(video, labels, windows.length === 1 ? plan : slicePlan(plan, start, count)),
      features: rows.subarray(start * channels, (start + count) * channels),
    }));
    return windows.length === 1 ? sequences : sequences.filter(isWorthTraining);
  });
}

/** Whether anybody looked at any of it. */
export function isWorthTraining({ covered, rejected }: SequenceTarget): boolean {
  return rejected.length > 0 || covered.includes(1);
}

/**
 * Factor of each class's positives, so that rare classes are learned too: the root of how much rarer than the mean a class is, from a half
 * to three.
 */
export function classWeightsOf(videos: readonly TimedVideo[], labels: readonly string[]): number[] {
  const counts = labels.map(
    (label) =>
      videos.reduce((sum, video) => sum + video.segments.filter((each) => each.label === label).length, 0) ||
      1,
  );
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  return counts.map((count) => Math.min(3, Math.max(0.5, Math.sqrt(mean / count))));
}

/** A padded batch. Padding is zero and not covered. */
export function padSequences(
  sequences: readonly Sequence[],
  channels: number,
  classWeights?: readonly number[],
): DetectorBatch {
  const longest = Math.max(...sequences.map((sequence) => sequence.length));
  const features = new Float32Array(sequences.length * longest * channels);
  const covered = new Uint8Array(sequences.length * longest);
  sequences.forEach((sequence, b) => {
    features.set(sequence.features, b * longest * channels);
    covered.set(sequence.covered, b * longest);
  });
  const batch = {
    features,
    shape: [sequences.length, longest, channels] as const,
    lengths: sequences.map((sequence) => sequence.length),
    segments: sequences.map((sequence) => sequence.segments),
    ...(sequences.some(({ rejected }) => rejected.length > 0)
      ? { rejected: sequences.map(({ rejected }) => rejected) }
      : {}),
    ...(classWeights === undefined ? {} : { classWeights }),
  };
  const isAllCovered = sequences.every(({ covered: mask }) => mask.every((flag) => flag === 1));
  return isAllCovered ? batch : { ...batch, covered };
}

/** Takes gradients of a padded batch apart again. @returns float32 [Σ length, C] */
export function unpadGradients(
  gradients: Float32Array,
  lengths: readonly number[],
  channels: number,
): Float32Array {
  const longest = Math.max(...lengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const out = new Float32Array(total * channels);
  let at = 0;
  lengths.forEach((length, b) => {
    const from = b * longest * channels;
    out.set(gradients.subarray(from, from + length * channels), at);
    at += length * channels;
  });
  return out;
}
