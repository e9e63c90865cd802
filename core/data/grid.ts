/**
 * Labels and detections between seconds and the feature grid, and which grid steps somebody looked at.
 */
import type { LabelledSegment, ScoredSegment, TimeRange } from '#core/annotation/segment';
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

/** uint8 [snippets]: 1 where the middle of the snippet is covered. Absent ranges mean that the whole video was looked at. */
export function coveredSteps(covered: readonly TimeRange[] | undefined, plan: SnippetPlan): Uint8Array {
  const mask = new Uint8Array(plan.snippets);
  if (covered === undefined) return mask.fill(1);
  for (let s = 0; s < plan.snippets; s += 1) {
    const sec = plan.startSec + (s + 0.5) * plan.stepSec;
    if (covered.some((range) => sec >= range.startSec && sec < range.endSec)) mask[s] = 1;
  }
  return mask;
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
