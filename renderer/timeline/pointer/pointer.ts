/**
 * From pointer and wheel to gestures: which one begins where, when the view moves on by itself, and what a key may end.
 */
import { boundaryNearSec, frameAtSec } from '#core/timeline/frameTimes';
import { edgeScrollSpeed, fitAll, panBy, timeToX, xToTime, zoomAt } from '#core/timeline/scale';
import { doc } from '../../state/document.svelte.ts';
import { player, playRange } from '../../state/player.svelte.ts';
import { studio } from '../../state/studio.svelte.ts';
import { placeIn } from '../../state/windowScale.ts';
import { regionAt, topOf, type Bands, type Region } from '../regions.ts';
import { isPrediction, scrollLanes, timeline, type Track, type TrackItem } from '../timelineState.svelte.ts';
import { clearGhosts, type Drag, type Point } from './drag.ts';
import { createDrag, moveDrag, resizeDrag } from './segmentDrags.ts';
import { hitLanes, type LaneHit } from './underPointer.ts';
import { coverDrag, marqueeDrag, overviewDrag, panDrag, scrubDrag } from './viewDrags.ts';

const THRESHOLD_PX = 3;
const NOWHERE: Point = { x: 0, y: 0, free: false };

/** Pointer and wheel handlers of the canvas. */
export interface TimelinePointer {
  down(event: PointerEvent): void;
  move(event: PointerEvent): void;
  up(event: PointerEvent): void;
  /** Ends a gesture without an edit. @returns whether there was one */
  cancel(): boolean;
  doubleClick(event: MouseEvent): void;
  wheel(event: WheelEvent): void;
  /** The pointer has gone. */
  leave(): void;
}

/**
 * Makes the handlers.
 *
 * @param element the canvas
 * @param bandsNow the bands as they are
 */
export function createPointer(element: HTMLElement, bandsNow: () => Bands): TimelinePointer {
  let drag: Drag | null = null;
  let started = NOWHERE;
  let latest = NOWHERE;
  let moved = false;
  let scrolling = 0;

  function pointOf(event: MouseEvent): Point {
    return { ...placeIn(element, event), free: event.altKey };
  }

  const laneHitAt = (point: Point): { track: Track | null; found: LaneHit | null } =>
    hitLanes(point.x, point.y - topOf(bandsNow(), 'lanes') + timeline.scrollY);

  function laneDrag(point: Point, event: PointerEvent): Drag | null {
    const { track, found } = laneHitAt(point);
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    if (found !== null) {
      select(found.item, adds);
      const isDecided = isPrediction(found.item) && found.item.review !== 'predicted';
      if (adds || isDecided || !studio.writable) {
        return null;
      }
      return found.hit.part === 'body' || found.item.startPts === found.item.endPts
        ? moveDrag(found, point, (now) => laneHitAt(now).track)
        : resizeDrag(found);
    }
    if (adds) {
      return marqueeDrag(point, bandsNow());
    }
    return track === null || !studio.writable ? scrubDrag() : createDrag(track, point);
  }

  function begin(region: Region, point: Point, event: PointerEvent): Drag | null {
    if (event.button === 1) {
      return panDrag(point);
    }
    if (region === 'lanes') {
      return laneDrag(point, event);
    }
    if (region === 'overview') {
      return overviewDrag(point);
    }
    if (region === 'covered' && studio.writable) {
      return coverDrag(point);
    }
    const scrub = scrubDrag();
    scrub.move(point);
    return scrub;
  }

  function autoScroll(before: number): void {
    scrolling = requestAnimationFrame((now) => {
      if (drag?.scrolls !== true) {
        return;
      }
      const speed = moved ? edgeScrollSpeed(latest.x, timeline.view.widthPx) : 0;
      if (speed !== 0) {
        timeline.view = panBy(timeline.view, (speed * Math.min(50, now - before)) / 1000, timeline.limits);
        drag.move(latest);
      }
      autoScroll(now);
    });
  }

  function finish(commit: boolean): void {
    const ended = drag;
    drag = null;
    cancelAnimationFrame(scrolling);
    if (commit) {
      ended?.end(moved, latest);
    } else {
      clearGhosts();
    }
  }

  function updateCursor(point: Point): void {
    const region = regionAt(bandsNow(), point.y);
    let cursor = region === 'covered' || region === 'lanes' ? 'crosshair' : 'default';
    let hoverId: string | null = null;
    if (region === 'lanes') {
      const { found } = laneHitAt(point);
      if (found !== null) {
        cursor = found.hit.part === 'body' ? 'grab' : 'ew-resize';
        hoverId = found.item.id;
      }
    }
    timeline.hoverId = hoverId;
    if (element.style.cursor !== cursor) {
      element.style.cursor = cursor;
    }
  }

  /** The frame that a press here would show, or bring near. */
  function point(at: Point): void {
    const { view, limits } = timeline;
    const isOverview = regionAt(bandsNow(), at.y) === 'overview';
    const sec = xToTime(isOverview ? fitAll(view, limits) : view, at.x);
    player.pointedFrame = sec < 0 || sec > limits.durationSec ? null : frameAtSec(doc.times, sec);
  }

  return {
    down(event) {
      if (drag !== null || event.button > 1 || doc.video === null) {
        return;
      }
      event.preventDefault();
      (document.activeElement as HTMLElement | null)?.blur();
      element.setPointerCapture(event.pointerId);
      started = pointOf(event);
      latest = started;
      moved = false;
      drag = begin(regionAt(bandsNow(), started.y), started, event);
      if (drag?.scrolls === true) {
        autoScroll(performance.now());
      }
    },
    move(event) {
      latest = pointOf(event);
      if (drag === null) {
        updateCursor(latest);
        point(latest);
        return;
      }
      moved ||=
        Math.abs(latest.x - started.x) >= THRESHOLD_PX || Math.abs(latest.y - started.y) >= 2 * THRESHOLD_PX;
      if (moved) {
        drag.move(latest);
      }
    },
    up(event) {
      if (drag !== null) {
        latest = pointOf(event);
        finish(true);
      }
    },
    cancel() {
      const had = drag !== null;
      if (had) {
        finish(false);
      }
      return had;
    },
    doubleClick(event) {
      const point = pointOf(event);
      if (regionAt(bandsNow(), point.y) === 'lanes') {
        const { found } = laneHitAt(point);
        if (found !== null) {
          const first = boundaryNearSec(doc.times, found.item.startSec);
          playRange({
            firstFrame: first,
            lastFrame: Math.max(first, boundaryNearSec(doc.times, found.item.endSec) - 1),
          });
        }
      }
    },
    leave() {
      player.pointedFrame = null;
    },
    wheel(event) {
      event.preventDefault();
      const point = pointOf(event);
      const region = regionAt(bandsNow(), point.y);
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const dy = event.deltaY * unit;
      const dx = event.deltaX * unit;
      if (event.ctrlKey || event.metaKey || region === 'ruler' || region === 'overview') {
        const x = region === 'overview' ? timeToX(timeline.view, player.sec) : point.x;
        timeline.view = zoomAt(timeline.view, x, Math.exp(-dy * 0.0025), timeline.limits);
      } else if (event.shiftKey) {
        scrollLanes(dy === 0 ? dx : dy);
      } else {
        timeline.view = panBy(timeline.view, Math.abs(dx) > Math.abs(dy) ? dx : dy, timeline.limits);
      }
    },
  };
}

function select(item: TrackItem, add: boolean): void {
  if (add) {
    const next = new Set(doc.selection);
    if (!next.delete(item.id)) {
      next.add(item.id);
    }
    doc.selection = next;
  } else if (!doc.selection.has(item.id)) {
    doc.selection = new Set([item.id]);
  }
  timeline.currentLabelId = item.labelId;
}
