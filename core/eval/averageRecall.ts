/**
 * Average recall of class-agnostic proposals at an average number of proposals a video (AR@AN), and the area under that curve.
 *
 * ActivityNet `Evaluation/eval_proposal.py`, in its order of operations: ⌊n · pcn⌋ truncates the float product. A ground-truth segment is
 * found when any of the kept proposals reaches the threshold. All proposals count in the ratio, but only videos with ground truth are videos.
 */
import type { ScoredSegment, TimeRange } from '#core/annotation/segment';
import { temporalIou } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import { mean } from './averagePrecision.ts';
import type { ByVideo } from './matching.ts';
import { entriesByVideo } from './matching.ts';
import { linspace } from './protocol.ts';

/** A curve of recall against proposals a video; fractions. */
export interface ProposalEvaluation {
  /** Mean recall over thresholds at 100 points. */
  readonly averageRecall: number[];
  /** Average proposals a video at these points. */
  readonly proposalsPerVideo: number[];
  /** Recall by threshold at these points. */
  readonly recall: number[][];
  /** Interpolated at 1, 5, 10 and 100 proposals a video. */
  readonly arAt: Record<string, number>;
  /** Area under the curve over its width, 0–1. */
  readonly auc: number;
}

/** Thresholds and the largest average number of proposals. */
export interface ProposalOptions {
  readonly tious?: readonly number[];
  readonly maxAverageProposals?: number;
}

const POINTS = 100;
const REPORTED = [1, 5, 10, 100] as const;

/** tIoU of each ground-truth segment with each kept proposal of one video, best proposal first. */
interface VideoOverlaps {
  readonly groundTruthCount: number;
  readonly proposalCount: number;
  /** [ground truth, proposal] */
  readonly tiou: Float64Array;
}

/**
 * Evaluates proposals.
 *
 * @throws StudioError `bad-input` without ground truth or without proposals
 */
export function evaluateProposals(
  groundTruth: ByVideo<TimeRange>,
  proposals: ByVideo<Omit<ScoredSegment, 'label'>>,
  { tious = linspace(0.5, 0.95, 10), maxAverageProposals = 100 }: ProposalOptions = {},
): ProposalEvaluation {
  const truth = [...entriesByVideo(groundTruth)].filter(([, segments]) => segments.length > 0);
  const proposed = new Map(entriesByVideo(proposals));
  const proposalCount = [...proposed.values()].reduce((sum, list) => sum + list.length, 0);
  if (truth.length === 0) {
    throw new StudioError(
      'bad-input',
      'The ground truth has no segments, so there is nothing to find. Check the file and the subset.',
    );
  }
  if (proposalCount === 0) {
    throw new StudioError('bad-input', 'There are no proposals to evaluate. Check the file.');
  }
  const ratio = (maxAverageProposals * truth.length) / proposalCount;
  let kept = 0;
  const videos = truth.map(([video, segments]): VideoOverlaps => {
    const list = proposed.get(video) ?? [];
    if (list.length === 0) {
      return { groundTruthCount: segments.length, proposalCount: 1, tiou: new Float64Array(segments.length) };
    }
    const count = Math.min(Math.trunc(list.length * ratio), list.length);
    kept += count;
    const best = list
      .map((proposal, index) => ({ proposal, index }))
      .sort((a, b) => b.proposal.score - a.proposal.score || a.index - b.index)
      .slice(0, count);
    const tiou = new Float64Array(segments.length * count);
    segments.forEach((segment, row) => {
      best.forEach(({ proposal }, column) => {
        tiou[row * count + column] = temporalIou(proposal, segment);
      });
    });
    return { groundTruthCount: segments.length, proposalCount: count, tiou };
  });
  const positives = videos.reduce((sum, video) => sum + video.groundTruthCount, 0);
  if (kept === 0) {
    const recall = tious.map(() => new Array<number>(POINTS).fill(0));
    return summarise(recall, linspace(maxAverageProposals / POINTS, maxAverageProposals, POINTS));
  }
  const share = (maxAverageProposals * truth.length) / kept;
  const percentages = Array.from({ length: POINTS }, (_, index) => ((index + 1) / POINTS) * share);
  const recall = tious.map((tiou) =>
    recallAt(videos, percentages, tiou).map((matches) => matches / positives),
  );
  return summarise(
    recall,
    percentages.map((percentage) => percentage * (kept / truth.length)),
  );
}

/** Ground-truth segments found at each point. */
function recallAt(videos: readonly VideoOverlaps[], percentages: readonly number[], tiou: number): number[] {
  const matches = new Array<number>(percentages.length).fill(0);
  for (const video of videos) {
    for (let row = 0; row < video.groundTruthCount; row += 1) {
      const overlaps = video.tiou.subarray(row * video.proposalCount, (row + 1) * video.proposalCount);
      const first = overlaps.findIndex((value) => value >= tiou);
      if (first < 0) continue;
      percentages.forEach((percentage, point) => {
        const used = Math.min(Math.trunc(video.proposalCount * percentage), video.proposalCount);
        if (first < used) matches[point]! += 1;
      });
    }
  }
  return matches;
}

function summarise(recall: number[][], proposalsPerVideo: number[]): ProposalEvaluation {
  const averageRecall = proposalsPerVideo.map((_, point) => mean(recall.map((row) => row[point]!)));
  let area = 0;
  for (let point = 1; point < POINTS; point += 1) {
    const width = proposalsPerVideo[point]! - proposalsPerVideo[point - 1]!;
    area += (width * (averageRecall[point]! + averageRecall[point - 1]!)) / 2;
  }
  const arAt = Object.fromEntries(
    REPORTED.map((count) => [String(count), interpolate(proposalsPerVideo, averageRecall, count)]),
  );
  return { averageRecall, proposalsPerVideo, recall, arAt, auc: area / proposalsPerVideo[POINTS - 1]! };
}

/** `numpy.interp`: linear between points, constant outside. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const right = xs.findIndex((value) => value >= x);
  if (right < 0) return ys[ys.length - 1]!;
  if (right === 0) return ys[0]!;
  const slope = (ys[right]! - ys[right - 1]!) / (xs[right]! - xs[right - 1]!);
  return ys[right - 1]! + slope * (x - xs[right - 1]!);
}
