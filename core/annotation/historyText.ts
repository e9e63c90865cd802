/**
 * What a step of the history is called: "Move start of jump by −3 frames".
 */
import type { Rational } from './document.ts';
import type { DocumentVideo, LabelRecord, SegmentRecord } from './document.ts';

/** The nearest number of frames in a stretch of ticks, at the video's average rate. */
export function ticksToFrames(ticks: number, timeBase: Rational, averageRate: Rational): number {
  return Math.round((ticks * timeBase.num * averageRate.num) / (timeBase.den * averageRate.den));
}

const signed = (value: number): string => (value < 0 ? `−${-value}` : `+${value}`);
const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `Add jump`, `Add 12 segments` */
export function addText(
  segments: readonly SegmentRecord[],
  labelOf: (id: string) => LabelRecord | undefined,
): string {
  const name = commonLabel(segments, labelOf);
  return segments.length === 1
    ? `Add ${name ?? 'a segment'}`
    : `Add ${plural(segments.length, name ?? 'segment')}`;
}

/** `Delete jump`, `Delete 12 segments` */
export function deleteText(
  segments: readonly SegmentRecord[],
  labelOf: (id: string) => LabelRecord | undefined,
): string {
  return addText(segments, labelOf).replace(/^Add/, 'Delete');
}

function commonLabel(
  segments: readonly SegmentRecord[],
  labelOf: (id: string) => LabelRecord | undefined,
): string | undefined {
  const ids = new Set(segments.map((segment) => segment.labelId));
  const [id] = ids;
  return ids.size === 1 && id !== undefined ? labelOf(id)?.name : undefined;
}

/** What happened to one segment, in words. */
export function changeText(
  before: SegmentRecord,
  after: SegmentRecord,
  video: DocumentVideo | undefined,
  labelOf: (id: string) => LabelRecord | undefined,
): string {
  const name = labelOf(before.labelId)?.name ?? 'a segment';
  if (before.labelId !== after.labelId)
    return `Change ${name} to ${labelOf(after.labelId)?.name ?? 'another label'}`;
  const start = after.startPts - before.startPts;
  const end = after.endPts - before.endPts;
  const by = (ticks: number): string => {
    if (video === undefined) return signed(ticks);
    const frames = ticksToFrames(ticks, video.timeBase, video.averageRate);
    return `${signed(frames)} ${Math.abs(frames) === 1 ? 'frame' : 'frames'}`;
  };
  if (start !== 0 && start === end) return `Move ${name} by ${by(start)}`;
  if (start !== 0 && end !== 0) return `Move start of ${name} by ${by(start)}, end by ${by(end)}`;
  if (start !== 0) return `Move start of ${name} by ${by(start)}`;
  if (end !== 0) return `Move end of ${name} by ${by(end)}`;
  if (before.note !== after.note) return `Edit note of ${name}`;
  return `Edit attributes of ${name}`;
}

/** Many segments changed at once. */
export function changesText(count: number): string {
  return `Change ${plural(count, 'segment')}`;
}

/** `Accept 3 predictions` and the like. */
export function reviewText(decisions: readonly string[]): string {
  const verbs: Readonly<Record<string, string>> = {
    accept: 'Accept',
    reject: 'Reject',
    adjust: 'Adjust',
    reset: 'Reopen',
  };
  const kinds = [...new Set(decisions)];
  const verb = kinds.length === 1 ? (verbs[kinds[0] ?? ''] ?? 'Review') : 'Review';
  return decisions.length === 1 ? `${verb} prediction` : `${verb} ${plural(decisions.length, 'prediction')}`;
}
