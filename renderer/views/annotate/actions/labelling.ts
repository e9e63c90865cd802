/**
 * Labelling: digits, marks, edges, points, covered ranges, copies, decisions about many predictions.
 *
 * A digit opens a segment of its label at the playhead and the same digit closes it, paused or playing; the frame that is shown
 * belongs to the segment at both ends. While playing, the person's reaction time is taken off.
 */
import { boundaryNearSec, frameAtPts, ptsOfFrame } from '#core/timeline/frameTimes';
import type { SegmentInfo } from '#core/contract/info';
import { t } from '../../../i18n/i18n.svelte.ts';
import { keysOf } from '../../../keys/dispatcher.svelte.ts';
import {
  acceptPredictions,
  addSegment,
  addSegments,
  copiesOf,
  coverRange,
  moveItems,
  moveLabel,
  relabel,
  removeItems,
} from '../../../state/annotationCommands.ts';
import { doc } from '../../../state/document.svelte.ts';
import { labels } from '../../../state/labels.svelte.ts';
import { notify } from '../../../state/notices.svelte.ts';
import { pause, player, seekFrame } from '../../../state/player.svelte.ts';
import { studio } from '../../../state/studio.svelte.ts';
import { currentLabel, isPrediction, timeline } from '../../../timeline/timelineState.svelte.ts';
import { firstOf, lastOf, meantFrame, rangeOfInterest, selectedItems } from './chosen.ts';

/** Segments that were copied; they keep their seconds, so that they fit another video. */
let clipboard: readonly SegmentInfo[] = [];

/** A digit: relabel what is selected, keep a marked range, or open and close. */
export function pressLabel(index: number): void {
  const label = labels.list[index];
  if (label === undefined || !studio.writable) {
    return;
  }
  timeline.currentLabelId = label.id;
  if (doc.selection.size > 0 && !player.playing) {
    void relabel([...doc.selection], label.id);
    return;
  }
  if (timeline.markIn !== null && timeline.markOut !== null) {
    commitMarks(label.id);
    return;
  }
  toggleOpen(label.id);
}

function toggleOpen(labelId: string): void {
  const opened = timeline.open.get(labelId);
  const next = new Map(timeline.open);
  const frame = meantFrame();
  if (opened === undefined) {
    next.set(labelId, ptsOfFrame(doc.times, frame));
    timeline.open = next;
    return;
  }
  const first = frameAtPts(doc.times, opened);
  if (frame < first) {
    notify(t('live.tooShort'));
    return;
  }
  next.delete(labelId);
  timeline.open = next;
  void addSegment(labelId, first, frame + 1, false);
}

function commitMarks(labelId: string): void {
  const { markIn } = timeline;
  const markOut = timeline.markOut ?? ptsOfFrame(doc.times, player.frame + 1);
  if (markIn === null || markOut <= markIn) {
    notify(t('live.needsRange', { in: keysOf('markIn'), out: keysOf('markOut') }));
    return;
  }
  const first = frameAtPts(doc.times, markIn);
  const last = markOut >= doc.times.endPts ? player.lastFrame + 1 : frameAtPts(doc.times, markOut);
  timeline.markIn = null;
  timeline.markOut = null;
  void addSegment(labelId, first, last, false);
}

/** Keeps the marked range; accepts selected predictions. */
export function commit(): void {
  const predictions = selectedItems().filter(isPrediction);
  if (predictions.length > 0) {
    void acceptPredictions(predictions.map((item) => item.id));
    return;
  }
  const label = currentLabel();
  if (label === undefined) {
    notify(t('live.needsLabel'));
  } else if (timeline.markIn !== null) {
    commitMarks(label.id);
  }
}

/** Moves an edge of the selected item to the playhead, else marks the start or end of a range. */
export function markEdge(isStart: boolean): void {
  const frame = isStart ? meantFrame() : meantFrame() + 1;
  const [item, ...others] = selectedItems();
  if (item !== undefined && others.length === 0) {
    const valid = isStart ? frame < lastOf(item) : frame > firstOf(item);
    if (valid) {
      const move = isStart
        ? { id: item.id, firstFrame: frame, lastFrame: lastOf(item) }
        : { id: item.id, firstFrame: firstOf(item), lastFrame: frame };
      void moveItems([move]);
      return;
    }
    doc.selection = new Set();
  }
  const pts = ptsOfFrame(doc.times, frame);
  if (isStart) {
    timeline.markIn = pts;
    timeline.markOut = timeline.markOut !== null && timeline.markOut <= pts ? null : timeline.markOut;
  } else {
    timeline.markOut = pts;
    timeline.markIn = timeline.markIn !== null && timeline.markIn >= pts ? null : timeline.markIn;
  }
}

/** Moves an edge of what is selected by frames, and shows that edge. */
export function nudge(edge: 'start' | 'end', frames: number): void {
  const items = selectedItems();
  const moves = items.map((item) => {
    const first = firstOf(item);
    const last = lastOf(item);
    return edge === 'start'
      ? { id: item.id, firstFrame: Math.max(0, Math.min(first + frames, last - 1)), lastFrame: last }
      : {
          id: item.id,
          firstFrame: first,
          lastFrame: Math.min(player.lastFrame + 1, Math.max(last + frames, first + 1)),
        };
  });
  const [only] = moves;
  if (only !== undefined) {
    pause();
    seekFrame(edge === 'start' ? only.firstFrame : only.lastFrame - 1);
    void moveItems(moves);
  }
}

/** Says that what is selected or marked is fully labelled; at the playhead inside such a stretch, takes it back. */
export function markCovered(): void {
  const range = rangeOfInterest();
  if (range !== null) {
    void coverRange(range.firstFrame, range.lastFrame + 1, false);
    timeline.markIn = null;
    timeline.markOut = null;
    return;
  }
  const inside = doc.covered.find((one) => one.startPts <= player.pts && player.pts < one.endPts);
  if (inside === undefined) {
    notify(t('live.coveredHow', { key: keysOf('covered') }));
  } else {
    void coverRange(frameAtPts(doc.times, inside.startPts), boundaryAt(inside.endPts), true);
  }
}

function boundaryAt(pts: number): number {
  return pts >= doc.times.endPts ? player.lastFrame + 1 : frameAtPts(doc.times, pts);
}

/** Adds a point event at the playhead. */
export function addPoint(): void {
  const label = currentLabel();
  if (label === undefined) {
    notify(t('live.needsLabel'));
    return;
  }
  const frame = meantFrame();
  void addSegment(label.id, frame, frame, false);
}

/** The label above or below: of what is selected, else of new segments. */
export function changeTrack(step: 1 | -1): void {
  const now = doc.selectedSegment?.labelId ?? doc.selectedPrediction?.labelId ?? currentLabel()?.id;
  const at = labels.list.findIndex((label) => label.id === now);
  const next = labels.list[Math.max(0, Math.min(labels.list.length - 1, at + step))];
  if (next !== undefined) {
    timeline.currentLabelId = next.id;
    if (doc.selection.size > 0) {
      void relabel([...doc.selection], next.id);
    }
  }
}

/** Moves the current label's track up or down. */
export function moveTrack(step: 1 | -1): void {
  const label = currentLabel();
  if (label !== undefined) {
    void moveLabel(label.id, labels.list.indexOf(label) + step);
  }
}

/** Copies the selected segments. */
export function copy(): void {
  const copied = selectedItems().filter((item) => !isPrediction(item));
  if (copied.length > 0) {
    clipboard = copied as SegmentInfo[];
    notify(t('segment.copied', { count: copied.length }));
  }
}

/** Puts copies at the playhead, in this video or in another. */
export function paste(): void {
  const videoId = doc.video?.id;
  if (clipboard.length === 0 || videoId === undefined) {
    return;
  }
  const earliest = Math.min(...clipboard.map((segment) => segment.startSec));
  const ptsOf = (sec: number): number => ptsOfFrame(doc.times, boundaryNearSec(doc.times, sec));
  void addSegments(copiesOf(clipboard, videoId, ptsOf, player.sec - earliest));
}

/** Takes back one thing: open segments, marks, the loop, the selection. */
export function deselect(): void {
  if (timeline.open.size > 0) {
    timeline.open = new Map();
  } else if (timeline.markIn !== null || timeline.markOut !== null) {
    timeline.markIn = null;
    timeline.markOut = null;
  } else if (player.loop !== null) {
    player.loop = null;
  } else {
    doc.selection = new Set();
  }
}

/** Accepts every shown prediction of the video that waits and is at least as sure as the confidence chosen above the timeline. */
export function acceptAbove(): void {
  const ids = waiting((score) => score >= timeline.minScore);
  if (ids.length === 0) {
    notify(t('bulk.none'));
    return;
  }
  void acceptPredictions(ids).then(() => notify(t('bulk.accepted', { count: ids.length }), 'good'));
}

/** Rejects every prediction of the video that waits and is less sure than the confidence chosen above the timeline. */
export function rejectBelow(): void {
  if ((timeline.chosenMinScore ?? 0) === 0) {
    notify(t('bulk.needsScore'));
    return;
  }
  const ids = waiting((score) => score < timeline.minScore);
  if (ids.length === 0) {
    notify(t('bulk.none'));
    return;
  }
  void removeItems(ids).then(() => notify(t('bulk.rejected', { count: ids.length }), 'good'));
}

function waiting(wanted: (score: number) => boolean): string[] {
  return doc.predictions
    .filter((prediction) => prediction.review === 'predicted' && wanted(prediction.score))
    .map((prediction) => prediction.id);
}
