/**
 * Gestures on segments: make, resize, move in time and to another track. One gesture is one edit, made when it ends.
 *
 * Edges always lie between frames; the edge's frame is shown by the player while it is dragged.
 */
import { boundaryNearSec, frameCountOf, secOfFrame } from '#core/timeline/frameTimes';
import { xToTime } from '#core/timeline/scale';
import { snapRange } from '#core/timeline/snapping';
import { addSegment, moveItems } from '../../state/annotationCommands.ts';
import { doc } from '../../state/document.svelte.ts';
import { pause, seekSec } from '../../state/player.svelte.ts';
import { timeline, type Track, type TrackItem } from '../timelineState.svelte.ts';
import { clearGhosts, MIN_FRAMES, showEdge, snappedAt, snaps, type Drag, type Point } from './drag.ts';
import { snapTargets, type LaneHit } from './underPointer.ts';

const firstOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.startSec);
const lastOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.endSec);

/** A new segment from where the pointer went down; without a drag, a click that moves the playhead. */
export function createDrag(track: Track, started: Point): Drag {
  const fixed = snappedAt(started);
  return {
    move: (point) => {
      const other = snappedAt(point);
      const first = Math.min(fixed.frame, other.frame, frameCountOf(doc.times) - MIN_FRAMES);
      const last = Math.max(fixed.frame, other.frame);
      showEdge(other.frame, other.frame > fixed.frame);
      timeline.ghost = {
        items: [
          {
            id: null,
            labelId: track.label.id,
            startSec: secOfFrame(doc.times, first),
            endSec: secOfFrame(doc.times, Math.max(last, first + MIN_FRAMES)),
          },
        ],
        snappedTo: other.kind,
        snappedSec: other.kind === 'frame' ? null : other.sec,
      };
    },
    end: (moved, point) => {
      const [made] = timeline.ghost?.items ?? [];
      clearGhosts();
      timeline.currentLabelId = track.label.id;
      if (moved && made !== undefined) {
        const first = boundaryNearSec(doc.times, made.startSec);
        void addSegment(track.label.id, first, boundaryNearSec(doc.times, made.endSec), true);
      } else {
        doc.selection = new Set();
        pause();
        seekSec(Math.max(0, xToTime(timeline.view, point.x)));
      }
    },
    scrolls: true,
  };
}

/** One edge follows the pointer. */
export function resizeDrag({ item, hit, track }: LaneHit): Drag {
  const isStart = hit.part === 'start';
  const fixedFrame = isStart ? lastOf(item) : firstOf(item);
  const own = new Set([item.id]);
  let frame = isStart ? firstOf(item) : lastOf(item);
  return {
    move: (point) => {
      const snapped = snappedAt(point, own);
      frame = isStart
        ? Math.min(snapped.frame, fixedFrame - MIN_FRAMES)
        : Math.max(snapped.frame, fixedFrame + MIN_FRAMES);
      showEdge(frame, !isStart);
      const edge = secOfFrame(doc.times, frame);
      const fixed = secOfFrame(doc.times, fixedFrame);
      timeline.ghost = {
        items: [
          {
            id: item.id,
            labelId: track.label.id,
            startSec: isStart ? edge : fixed,
            endSec: isStart ? fixed : edge,
          },
        ],
        snappedTo: snapped.kind,
        snappedSec: snapped.kind === 'frame' ? null : snapped.sec,
      };
    },
    end: (moved) => {
      clearGhosts();
      const before = isStart ? firstOf(item) : lastOf(item);
      if (moved && frame !== before) {
        const first = isStart ? frame : fixedFrame;
        void moveItems([{ id: item.id, firstFrame: first, lastFrame: isStart ? fixedFrame : frame }]);
      }
    },
    scrolls: true,
  };
}

/**
 * What is selected follows the pointer, in time and, where all of it has one label, to another track.
 *
 * @param trackAt the track at a height
 */
export function moveDrag({ item }: LaneHit, started: Point, trackAt: (point: Point) => Track | null): Drag {
  const ids = doc.selection.has(item.id) ? doc.selection : new Set([item.id]);
  const items = [...ids].flatMap((id) => doc.segmentById.get(id) ?? doc.predictionById.get(id) ?? []);
  const oneLabel = items.every((one) => one.labelId === item.labelId);
  const grabbedSec = xToTime(timeline.view, started.x);
  const least = Math.min(...items.map(firstOf));
  const most = Math.max(...items.map(lastOf));
  let shift = 0;
  let { labelId } = item;
  return {
    move: (point) => {
      const by = xToTime(timeline.view, point.x) - grabbedSec;
      const startSec = item.startSec + by;
      const endSec = item.endSec + by;
      const targets = [...snapTargets(startSec, ids), ...snapTargets(endSec, ids)];
      const snapped = snapRange(startSec, endSec, targets, timeline.view.pxPerSec, doc.times, snaps(point));
      shift = Math.max(-least, Math.min(frameCountOf(doc.times) - most, snapped.frame - firstOf(item)));
      labelId = (oneLabel ? trackAt(point)?.label.id : undefined) ?? item.labelId;
      showEdge(firstOf(item) + shift, false);
      timeline.ghost = {
        items: items.map((one) => ({
          id: one.id,
          labelId: oneLabel ? labelId : one.labelId,
          startSec: secOfFrame(doc.times, firstOf(one) + shift),
          endSec: secOfFrame(doc.times, lastOf(one) + shift),
        })),
        snappedTo: snapped.kind,
        snappedSec: snapped.kind === 'frame' ? null : snapped.sec,
      };
    },
    end: (moved) => {
      clearGhosts();
      if (!moved || (shift === 0 && labelId === item.labelId)) {
        return;
      }
      const moves = items.map((one) => ({
        id: one.id,
        firstFrame: firstOf(one) + shift,
        lastFrame: lastOf(one) + shift,
      }));
      void moveItems(moves, labelId === item.labelId ? undefined : labelId);
      timeline.currentLabelId = labelId;
    },
    scrolls: true,
  };
}
