/**
 * Batches for a head: sequences of features with their ground truth, padded to one length.
 */
import { coveredSteps, segmentsOnGrid } from '#core/data/grid';
import type { SnippetPlan } from '#core/data/snippets';
import type { DetectorBatch, GridSegment } from '#core/model/detector';
import { StudioError } from '#core/contract/errors';
import type { TimedVideo } from './environment.ts';

/** One sequence without its features. */
export interface SequenceTarget {
  readonly length: number;
  readonly segments: readonly GridSegment[];
  /** uint8 [length] */
  readonly covered: Uint8Array;
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
    covered: coveredSteps(video.covered, plan),
  };
}

/** A padded batch. Padding is zero and not covered. */
export function padSequences(sequences: readonly Sequence[], channels: number): DetectorBatch {
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

/** @throws StudioError `bad-input` when a feature is not a finite number */
export function checkFeatures(features: Float32Array, videoId: string): void {
  for (let i = 0; i < features.length; i += 1) {
    if (!Number.isFinite(features[i]!)) {
      throw new StudioError(
        'bad-input',
        `The features of video "${videoId}" hold a value that is not a number. Its encoder's weights are damaged or its training diverged; start from another encoder.`,
        { video: videoId, position: i },
      );
    }
  }
}
