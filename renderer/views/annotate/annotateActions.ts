/**
 * Actions of the Annotate screen, for the keys and the palette: labelling with few presses, edges, selection, marks.
 *
 * A digit opens a segment of its label at the playhead and the same digit closes it, paused or playing; the frame that is shown
 * belongs to the segment at both ends. While playing, the person's reaction time is taken off.
 */
import { boundaryNearSec, frameAtPts, frameAtSec, ptsOfFrame } from '#core/timeline/frameTimes';
import type { SegmentInfo } from '#core/contract/info';
import { t } from '../../i18n/i18n.svelte.ts';
import { keysOf, type ActionHandlers } from '../../keys/dispatcher.svelte.ts';
import {
  acceptPredictions,
  addSegment,
  addSegments,
  copiesOf,
  coverRange,
  mergeItems,
  moveItems,
  relabel,
  removeItems,
  splitAt,
} from '../../state/annotationCommands.ts';
import { doc } from '../../state/document.svelte.ts';
import { labels } from '../../state/labels.svelte.ts';
import { notify } from '../../state/notices.svelte.ts';
import { pause, play, player, playRange, seekFrame, type LoopRange } from '../../state/player.svelte.ts';
import { goTo } from '../../state/route.svelte.ts';
import { changeSettings, studio } from '../../state/studio.svelte.ts';
import { neighbourOf } from '../../state/videos.svelte.ts';
import {
  currentLabel,
  isPrediction,
  revealPlayhead,
  timeline,
  toggleFit,
  zoomBy,
  type TrackItem,
} from '../../timeline/timelineState.svelte.ts';

/** Segments that were copied; they keep their seconds, so that they fit another video. */
let clipboard: readonly SegmentInfo[] = [];

const LOOP_AROUND_SEC = 1;

/** The frame that a person meant by a press now. */
function meantFrame(): number {
  if (!player.playing) {
    return player.frame;
  }
  const lateSec = (studio.settings.reactionTimeMs / 1000) * player.rate;
  return frameAtSec(doc.times, Math.max(0, player.sec - lateSec));
}

function selectedItems(): TrackItem[] {
  return [...doc.selection].flatMap((id) => doc.segmentById.get(id) ?? doc.predictionById.get(id) ?? []);
}

const firstOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.startSec);
const lastOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.endSec);

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

function commit(): void {
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

function markEdge(isStart: boolean): void {
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

function allItems(): TrackItem[] {
  return timeline.tracks.flatMap((track) => [...track.lane.items]);
}

function goToBoundary(direction: 1 | -1): void {
  let best: number | null = null;
  const consider = (frame: number): void => {
    const ahead = (frame - player.frame) * direction;
    if (ahead > 0 && (best === null || ahead < (best - player.frame) * direction)) {
      best = frame;
    }
  };
  for (const item of allItems()) {
    consider(firstOf(item));
    consider(Math.max(0, lastOf(item) - 1));
  }
  pause();
  seekFrame(best ?? (direction > 0 ? player.lastFrame : 0));
  revealPlayhead();
}

function goToItem(direction: 1 | -1, wanted: (item: TrackItem) => boolean): void {
  const items = allItems()
    .filter(wanted)
    .sort((a, b) => a.startSec - b.startSec || a.endSec - b.endSec);
  const [selected] = doc.selection;
  const at = items.findIndex((item) => item.id === selected);
  const next =
    at >= 0
      ? items[(at + direction + items.length) % items.length]
      : direction > 0
        ? (items.find((item) => item.startSec >= player.sec) ?? items[0])
        : (items.findLast((item) => item.startSec <= player.sec) ?? items.at(-1));
  if (next !== undefined) {
    selectItem(next);
  }
}

/** Selects an item, shows its first frame. */
export function selectItem(item: TrackItem): void {
  doc.selection = new Set([item.id]);
  timeline.currentLabelId = item.labelId;
  pause();
  seekFrame(firstOf(item));
  revealPlayhead();
}

function rangeOfInterest(): LoopRange | null {
  const items = selectedItems();
  if (items.length > 0) {
    return {
      firstFrame: Math.min(...items.map(firstOf)),
      lastFrame: Math.max(...items.map((item) => Math.max(firstOf(item), lastOf(item) - 1))),
    };
  }
  const { markIn, markOut } = timeline;
  return markIn === null || markOut === null
    ? null
    : { firstFrame: frameAtPts(doc.times, markIn), lastFrame: frameAtPts(doc.times, markOut - 1) };
}

/** Loops what is selected, with a little before and after; or ends the loop. */
export function toggleLoop(): void {
  if (player.loop !== null) {
    player.loop = null;
    return;
  }
  const range = rangeOfInterest();
  if (range === null) {
    player.loop = { firstFrame: 0, lastFrame: player.lastFrame };
    return;
  }
  const sec = (frame: number): number =>
    (ptsOfFrame(doc.times, frame) - doc.times.pts[0]!) * doc.times.tickSec;
  player.loop = {
    firstFrame: frameAtSec(doc.times, Math.max(0, sec(range.firstFrame) - LOOP_AROUND_SEC)),
    lastFrame: frameAtSec(doc.times, sec(range.lastFrame) + LOOP_AROUND_SEC),
  };
  seekFrame(player.loop.firstFrame);
  play();
}

function markCovered(): void {
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

function addPoint(): void {
  const label = currentLabel();
  if (label === undefined) {
    notify(t('live.needsLabel'));
    return;
  }
  const frame = meantFrame();
  void addSegment(label.id, frame, frame, false);
}

function changeTrack(step: 1 | -1): void {
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

function copy(): void {
  const copied = selectedItems().filter((item) => !isPrediction(item));
  if (copied.length > 0) {
    clipboard = copied as SegmentInfo[];
    notify(t('segment.copied', { count: copied.length }));
  }
}

function paste(): void {
  const videoId = doc.video?.id;
  if (clipboard.length === 0 || videoId === undefined) {
    return;
  }
  const earliest = Math.min(...clipboard.map((segment) => segment.startSec));
  const ptsOf = (sec: number): number => ptsOfFrame(doc.times, boundaryNearSec(doc.times, sec));
  void addSegments(copiesOf(clipboard, videoId, ptsOf, player.sec - earliest));
}

function goToVideo(step: 1 | -1): void {
  const next = doc.video === null ? undefined : neighbourOf(doc.video.id, step);
  if (next !== undefined) {
    goTo('annotate', next.id);
  }
}

function deselect(): void {
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

/** What the screen itself must do. */
export interface ScreenActions {
  readonly pickLabel: () => void;
  readonly search: () => void;
}

/** Handlers of the Annotate screen. */
export function annotateActions(screen: ScreenActions): ActionHandlers {
  const edits: ActionHandlers = studio.writable
    ? {
        markIn: () => markEdge(true),
        markOut: () => markEdge(false),
        commit,
        delete: () => void removeItems([...doc.selection]),
        split: () => {
          const ids = doc.selection.size > 0 ? [...doc.selection] : doc.segments.map((segment) => segment.id);
          void splitAt(ids, player.frame);
        },
        merge: () => void mergeItems([...doc.selection]),
        point: addPoint,
        nudgeStartBack: () => nudge('start', -1),
        nudgeStartForward: () => nudge('start', 1),
        nudgeEndBack: () => nudge('end', -1),
        nudgeEndForward: () => nudge('end', 1),
        nudgeStartBackTen: () => nudge('start', -10),
        nudgeStartForwardTen: () => nudge('start', 10),
        nudgeEndBackTen: () => nudge('end', -10),
        nudgeEndForwardTen: () => nudge('end', 10),
        covered: markCovered,
        paste,
        trackUp: () => changeTrack(-1),
        trackDown: () => changeTrack(1),
        pickLabel: screen.pickLabel,
        ...Object.fromEntries(
          Array.from({ length: 20 }, (_, index) => [`label.${index + 1}`, () => pressLabel(index)]),
        ),
      }
    : {};
  return {
    ...edits,
    goToIn: () => seekTo(selectedItems()[0], 'start'),
    goToOut: () => seekTo(selectedItems()[0], 'end'),
    playSegment: () => {
      const range = rangeOfInterest();
      if (range !== null) {
        playRange(range);
      }
    },
    previousBoundary: () => goToBoundary(-1),
    nextBoundary: () => goToBoundary(1),
    previousSegment: () => goToItem(-1, () => true),
    nextSegment: () => goToItem(1, () => true),
    nextUnreviewed: () => goToItem(1, (item) => isPrediction(item) && item.review === 'predicted'),
    previousUnreviewed: () => goToItem(-1, (item) => isPrediction(item) && item.review === 'predicted'),
    nextVideo: () => goToVideo(1),
    previousVideo: () => goToVideo(-1),
    zoomIn: () => zoomBy(1.5),
    zoomOut: () => zoomBy(1 / 1.5),
    fit: toggleFit,
    snap: () => void changeSettings({ snap: !studio.settings.snap }),
    copy,
    selectAll: () => (doc.selection = new Set(doc.segments.map((segment) => segment.id))),
    search: screen.search,
    deselect,
  };
}

function seekTo(item: TrackItem | undefined, edge: 'start' | 'end'): void {
  if (item !== undefined) {
    pause();
    seekFrame(edge === 'start' ? firstOf(item) : Math.max(firstOf(item), lastOf(item) - 1));
    revealPlayhead();
  }
}
