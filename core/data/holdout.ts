/**
 * Held-out material where a person set none aside: without it nothing could tell which model is better, or when to stop.
 *
 * From five labelled videos on, a fifth of them is held out. With fewer, the last part of each is: about a quarter of its segments, cut in
 * a gap, so that nothing is learned from what is measured on. A label is never taken from the training as a whole.
 */
import type { LabelledSegment, TimeRange } from '#core/annotation/segment';
import { createRandom, mixSeed } from '#core/util/random';
import type { VideoTiming } from './snippets.ts';

/** What a video must say about itself. */
export interface LabelledVideo {
  readonly id: string;
  readonly timing: VideoTiming;
  readonly segments: readonly LabelledSegment[];
  readonly covered?: readonly TimeRange[];
  readonly rejected?: readonly LabelledSegment[];
}

/** Both parts. A video may be in both, with other segments and covered ranges. */
export interface HeldOut<V> {
  readonly training: readonly V[];
  readonly validation: readonly V[];
  /** What was done, for the person. */
  readonly text: string;
}

const VIDEO_SHARE = 0.2;
const FEWEST_VIDEOS = 5;
const SEGMENT_SHARE = 0.25;
const FEWEST_SEGMENTS = 4;

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function counted(segments: readonly LabelledSegment[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of segments) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** Holds out a part of the training videos; null where there is too little to divide. */
export function holdOut<V extends LabelledVideo>(training: readonly V[], seed: number): HeldOut<V> | null {
  const labelled = training.filter((video) => video.segments.length > 0);
  return labelled.length >= FEWEST_VIDEOS ? wholeVideos(training, labelled, seed) : lastParts(training);
}

function wholeVideos<V extends LabelledVideo>(
  training: readonly V[],
  labelled: readonly V[],
  seed: number,
): HeldOut<V> | null {
  const wanted = Math.max(1, Math.round(VIDEO_SHARE * labelled.length));
  const left = counted(training.flatMap((video) => video.segments));
  const chosen = new Set<string>();
  for (const video of createRandom(mixSeed(seed, 'hold-out')).shuffle(labelled)) {
    if (chosen.size === wanted) break;
    const own = counted(video.segments);
    if ([...own].some(([label, count]) => (left.get(label) ?? 0) - count < 1)) continue;
    for (const [label, count] of own) left.set(label, (left.get(label) ?? 0) - count);
    chosen.add(video.id);
  }
  if (chosen.size === 0) return lastParts(training);
  const validation = training.filter((video) => chosen.has(video.id));
  return {
    training: training.filter((video) => !chosen.has(video.id)),
    validation,
    text: `No video is in the validation subset: ${plural(validation.length, 'training video')} of ${labelled.length} were held out to measure on.`,
  };
}

/** Where to cut a video, and the segments before and behind the cut; null where there is no place. */
function cutOf(video: LabelledVideo, left: ReadonlyMap<string, number>): number | null {
  const sorted = [...video.segments].sort((a, b) => a.startSec - b.startSec);
  if (sorted.length < FEWEST_SEGMENTS) return null;
  for (let behind = Math.max(1, Math.round(SEGMENT_SHARE * sorted.length)); behind >= 1; behind -= 1) {
    const before = sorted.slice(0, -behind);
    const lastEnd = Math.max(...before.map((segment) => segment.endSec));
    const firstStart = sorted[sorted.length - behind]!.startSec;
    const isRare = [...counted(sorted.slice(-behind))].some(
      ([label, count]) => (left.get(label) ?? 0) - count < 1,
    );
    if (lastEnd <= firstStart && !isRare) return (lastEnd + firstStart) / 2;
  }
  return null;
}

function lastParts<V extends LabelledVideo>(training: readonly V[]): HeldOut<V> | null {
  const left = counted(training.flatMap((video) => video.segments));
  const validation: V[] = [];
  let heldSegments = 0;
  const kept = training.map((video) => {
    const cut = cutOf(video, left);
    if (cut === null) return video;
    const behind = video.segments.filter((segment) => segment.startSec >= cut);
    for (const { label } of behind) left.set(label, (left.get(label) ?? 0) - 1);
    heldSegments += behind.length;
    const whole = { startSec: video.timing.frameSec[0] ?? 0, endSec: video.timing.endSec };
    const within = (from: number, to: number): TimeRange[] =>
      (video.covered ?? [whole])
        .map(({ startSec, endSec }) => ({ startSec: Math.max(from, startSec), endSec: Math.min(to, endSec) }))
        .filter(({ startSec, endSec }) => endSec > startSec);
    validation.push({ ...video, segments: behind, covered: within(cut, Infinity) });
    return {
      ...video,
      segments: video.segments.filter((segment) => segment.startSec < cut),
      covered: within(-Infinity, cut),
      ...(video.rejected === undefined
        ? {}
        : { rejected: video.rejected.filter((segment) => segment.endSec <= cut) }),
    };
  });
  if (validation.length === 0) return null;
  return {
    training: kept,
    validation,
    text: `No video is in the validation subset, and there are few: the last part of ${plural(validation.length, 'video')} (${plural(heldSegments, 'segment')}) was held out to measure on.`,
  };
}
