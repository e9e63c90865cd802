/**
 * Labels and detections between seconds and the feature grid, and which grid steps somebody looked at.
 */
import type { LabelledSegment, ScoredSegment, TimeRange } from '#core/annotation/segment';
import { SAME_SEGMENT_TIOU, temporalIou } from '#core/annotation/segment';
import type { GridDetection, GridSegment } from '#core/model/detector';
import { StudioError } from '#core/contract/errors';
import type { SnippetPlan } from './snippets.ts';

/** A segment of which less than this share is inside the grid is ignored, not learned. */
const VISIBLE_SHARE = 0.5;

/** Index of a label among the model's labels. @throws StudioError `bad-input` for a label that is not there */
export function labelIndex(labels: readonly string[], label: string): number {
  const index = labels.indexOf(label);
  if (index < 0) {
    throw new StudioError('bad-input', `The label "${label}" is not among the labels of this training.`, {
      label,
    });
  }
  return index;
}

/**
 * Ground truth on the grid of a plan, clipped to it. What is cut to less than half of itself becomes an ignored region;
 * what lies outside is left out.
 */
export function segmentsOnGrid(
  segments: readonly LabelledSegment[],
  labels: readonly string[],
  plan: SnippetPlan,
): GridSegment[] {
  const result: GridSegment[] = [];
  for (const segment of segments) {
    const start = (segment.startSec - plan.startSec) / plan.stepSec;
    const end = (segment.endSec - plan.startSec) / plan.stepSec;
    const inStart = Math.max(0, start);
    const inEnd = Math.min(plan.snippets, end);
    if (inEnd - inStart <= 1e-6) continue;
    const visible = (inEnd - inStart) / (end - start);
    const classIndex = visible >= VISIBLE_SHARE ? labelIndex(labels, segment.label) : -1;
    result.push({ start: inStart, end: inEnd, classIndex });
  }
  return result;
}

/**
 * Rejected candidates on the grid: those of known labels that are no segment's double and lie mostly inside. One that nearly is a segment had
 * other edges: it says nothing about the class.
 */
export function rejectedOnGrid(
  rejected: readonly LabelledSegment[] | undefined,
  segments: readonly LabelledSegment[],
  labels: readonly string[],
  plan: SnippetPlan,
): GridSegment[] {
  const counting = (rejected ?? []).filter(
    (candidate) =>
      labels.includes(candidate.label) &&
      segments.every(
        (segment) => segment.label !== candidate.label || temporalIou(segment, candidate) < SAME_SEGMENT_TIOU,
      ),
  );
  return segmentsOnGrid(counting, labels, plan).filter(({ classIndex }) => classIndex >= 0);
}

/**
 * uint8 [snippets]: 1 where the middle of the snippet is covered. Absent ranges mean that the whole video was looked at. Where a segment
 * lies somebody looked as well, whatever the ranges say.
 */
export function coveredSteps(
  ranges: readonly TimeRange[] | undefined,
  plan: SnippetPlan,
  segments: readonly TimeRange[] = [],
): Uint8Array {
  const mask = new Uint8Array(plan.snippets);
  if (ranges === undefined) return mask.fill(1);
  const covered = [...ranges, ...segments];
  for (let s = 0; s < plan.snippets; s += 1) {
    const sec = plan.startSec + (s + 0.5) * plan.stepSec;
    if (covered.some((range) => sec >= range.startSec && sec < range.endSec)) mask[s] = 1;
  }
  return mask;
}

/** Whether the middle of a segment lies in time that somebody looked at; absent ranges mean everywhere. */
export function isCovered(
  { startSec, endSec }: TimeRange,
  ranges: readonly TimeRange[] | undefined,
): boolean {
  const middle = (startSec + endSec) / 2;
  return ranges === undefined || ranges.some((range) => middle >= range.startSec && middle < range.endSec);
}

/** Detections of the grid in seconds, clipped to the video; those that vanish are dropped. */
export function detectionsInSeconds(
  detections: readonly GridDetection[],
  labels: readonly string[],
  plan: SnippetPlan,
  video: TimeRange,
): ScoredSegment[] {
  const result: ScoredSegment[] = [];
  for (const detection of detections) {
    const startSec = Math.max(video.startSec, plan.startSec + detection.start * plan.stepSec);
    const endSec = Math.min(video.endSec, plan.startSec + detection.end * plan.stepSec);
    const label = labels[detection.classIndex];
    if (label === undefined || !(endSec > startSec) || !Number.isFinite(detection.score)) continue;
    result.push({ startSec, endSec, label, score: detection.score });
  }
  return result;
}
