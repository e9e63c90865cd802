/**
 * From pointer to commands: scrub, pan, select, make, move and resize, cover. One drag is one edit, made at pointer-up.
 *
 * Edges always lie between frames; the edge's frame is shown by the player while it is dragged, and the view moves on when the
 * pointer reaches its end.
 */
import { laneWindow } from '#core/timeline/lanes';
import { boundaryNearSec, durationOf, frameCountOf, secOfFrame } from '#core/timeline/frameTimes';
import { edgeScrollSpeed, fitAll, panBy, timeToX, xToTime, zoomAt } from '#core/timeline/scale';
import { snapRange, snapTime } from '#core/timeline/snapping';
import { doc } from '../state/document.svelte.ts';
import { pause, player, playRange, seekSec } from '../state/player.svelte.ts';
import { studio } from '../state/studio.svelte.ts';
import { addSegment, coverRange, moveItems } from '../state/annotationCommands.ts';
import { regionAt, topOf, type Bands, type Region } from './regions.ts';
import { scrollLanes, timeline, type Track, type TrackItem } from './timelineState.svelte.ts';
import { hitLanes, snapTargets, type LaneHit } from './underPointer.ts';

interface Point {
  readonly x: number;
  readonly y: number;
  readonly free: boolean;
}

interface Drag {
  /** Called with every move, and while the view scrolls by itself. */
  move(point: Point): void;
  /** Ends it. @param moved whether the pointer left its place at all */
  end(moved: boolean, point: Point): void;
  readonly scrolls: boolean;
}

const THRESHOLD_PX = 3;
const MIN_FRAMES = 1;

/** Pointer and wheel handlers of the canvas. */
export interface TimelinePointer {
  down(event: PointerEvent): void;
  move(event: PointerEvent): void;
  up(event: PointerEvent): void;
  cancel(): void;
  doubleClick(event: MouseEvent): void;
  wheel(event: WheelEvent): void;
}

/**
 * Makes the handlers.
 *
 * @param element the canvas
 * @param bandsNow the bands as they are
 */
export function createPointer(element: HTMLElement, bandsNow: () => Bands): TimelinePointer {
  let drag: Drag | null = null;
  let started: Point = { x: 0, y: 0, free: false };
  let latest: Point = started;
  let moved = false;
  let scrolling = 0;

  function pointOf(event: MouseEvent): Point {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, free: event.altKey };
  }

  const laneHitAt = (point: Point): { track: Track | null; found: LaneHit | null } =>
    hitLanes(point.x, point.y - topOf(bandsNow(), 'lanes') + timeline.scrollY);

  const snaps = (point: Point): boolean => studio.settings.snap && !point.free;

  function showEdge(frame: number, isEnd: boolean): void {
    player.previewFrame = Math.max(0, Math.min(player.lastFrame, isEnd ? frame - 1 : frame));
  }

  function clearGhost(): void {
    timeline.ghost = null;
    player.previewFrame = null;
  }

  function scrubDrag(): Drag {
    pause();
    const move = (point: Point): void => {
      seekSec(Math.max(0, Math.min(durationOf(doc.times), xToTime(timeline.view, point.x))));
    };
    return { move, end: (_moved, point) => move(point), scrolls: true };
  }

  function overviewDrag(point: Point): Drag {
    const whole = fitAll(timeline.view, timeline.limits);
    const place = (x: number): void => {
      const half = timeline.view.widthPx / timeline.view.pxPerSec / 2;
      timeline.view = panBy({ ...timeline.view, startSec: xToTime(whole, x) - half }, 0, timeline.limits);
    };
    place(point.x);
    return { move: ({ x }) => place(x), end: () => undefined, scrolls: false };
  }

  function panDrag(): Drag {
    let last = started.x;
    return {
      move: ({ x }) => {
        timeline.view = panBy(timeline.view, last - x, timeline.limits);
        last = x;
      },
      end: () => undefined,
      scrolls: false,
    };
  }

  function coverDrag(point: Point): Drag {
    const from = xToTime(timeline.view, point.x);
    const ticks = doc.times.pts[0]! + from / doc.times.tickSec;
    const remove = doc.covered.some((range) => range.startPts <= ticks && ticks < range.endPts);
    return {
      move: ({ x, free }) => {
        const to = snapTime(
          xToTime(timeline.view, x),
          snapTargets(xToTime(timeline.view, x), new Set()),
          timeline.view.pxPerSec,
          doc.times,
          studio.settings.snap && !free,
        );
        timeline.coverGhost = { fromSec: from, toSec: to.sec, remove };
      },
      end: (wasMoved) => {
        const ghost = timeline.coverGhost;
        timeline.coverGhost = null;
        if (wasMoved && ghost !== null) {
          const a = boundaryNearSec(doc.times, ghost.fromSec);
          const b = boundaryNearSec(doc.times, ghost.toSec);
          void coverRange(Math.min(a, b), Math.max(a, b), remove);
        }
      },
      scrolls: true,
    };
  }

  function createDrag(track: Track, point: Point): Drag {
    const fixed = snapTime(
      xToTime(timeline.view, point.x),
      snapTargets(xToTime(timeline.view, point.x), new Set()),
      timeline.view.pxPerSec,
      doc.times,
      snaps(point),
    );
    return {
      move: (now) => {
        const sec = xToTime(timeline.view, now.x);
        const other = snapTime(
          sec,
          snapTargets(sec, new Set()),
          timeline.view.pxPerSec,
          doc.times,
          snaps(now),
        );
        const [first, last] =
          fixed.frame <= other.frame ? [fixed.frame, other.frame] : [other.frame, fixed.frame];
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
      end: (wasMoved, now) => {
        const [made] = timeline.ghost?.items ?? [];
        clearGhost();
        if (wasMoved && made !== undefined) {
          const first = boundaryNearSec(doc.times, made.startSec);
          const last = boundaryNearSec(doc.times, made.endSec);
          void addSegment(track.label.id, first, last, true);
        } else {
          doc.selection = new Set();
          timeline.currentLabelId = track.label.id;
          pause();
          seekSec(Math.max(0, xToTime(timeline.view, now.x)));
        }
      },
      scrolls: true,
    };
  }

  function resizeDrag({ item, hit, track }: LaneHit): Drag {
    const isStart = hit.part === 'start';
    const fixedFrame = boundaryNearSec(doc.times, isStart ? item.endSec : item.startSec);
    const own = new Set([item.id]);
    let frame = boundaryNearSec(doc.times, isStart ? item.startSec : item.endSec);
    return {
      move: (point) => {
        const sec = xToTime(timeline.view, point.x);
        const snapped = snapTime(sec, snapTargets(sec, own), timeline.view.pxPerSec, doc.times, snaps(point));
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
      end: (wasMoved) => {
        clearGhost();
        if (wasMoved) {
          const first = isStart ? frame : fixedFrame;
          void moveItems([{ id: item.id, firstFrame: first, lastFrame: isStart ? fixedFrame : frame }]);
        }
      },
      scrolls: true,
    };
  }

  function moveDrag({ item }: LaneHit): Drag {
    const ids = doc.selection.has(item.id) ? doc.selection : new Set([item.id]);
    const items = [...ids].flatMap((id) => doc.segmentById.get(id) ?? doc.predictionById.get(id) ?? []);
    const grabbedSec = xToTime(timeline.view, started.x);
    const firstOf = (one: TrackItem): number => boundaryNearSec(doc.times, one.startSec);
    const lastOf = (one: TrackItem): number => boundaryNearSec(doc.times, one.endSec);
    const least = Math.min(...items.map(firstOf));
    const most = Math.max(...items.map(lastOf));
    let shift = 0;
    return {
      move: (point) => {
        const by = xToTime(timeline.view, point.x) - grabbedSec;
        const startSec = item.startSec + by;
        const endSec = item.endSec + by;
        const targets = [...snapTargets(startSec, ids), ...snapTargets(endSec, ids)];
        const snapped = snapRange(startSec, endSec, targets, timeline.view.pxPerSec, doc.times, snaps(point));
        shift = Math.max(-least, Math.min(frameCountOf(doc.times) - most, snapped.frame - firstOf(item)));
        showEdge(firstOf(item) + shift, false);
        timeline.ghost = {
          items: items.map((one) => ({
            id: one.id,
            labelId: one.labelId,
            startSec: secOfFrame(doc.times, firstOf(one) + shift),
            endSec: secOfFrame(doc.times, lastOf(one) + shift),
          })),
          snappedTo: snapped.kind,
          snappedSec: snapped.kind === 'frame' ? null : snapped.sec,
        };
      },
      end: (wasMoved) => {
        clearGhost();
        if (wasMoved && shift !== 0) {
          void moveItems(
            items.map((one) => ({
              id: one.id,
              firstFrame: firstOf(one) + shift,
              lastFrame: lastOf(one) + shift,
            })),
          );
        }
      },
      scrolls: true,
    };
  }

  function marqueeDrag(): Drag {
    const before = doc.selection;
    return {
      move: (point) => {
        timeline.marquee = { x0: started.x, y0: started.y, x1: point.x, y1: point.y };
        const fromSec = xToTime(timeline.view, Math.min(started.x, point.x));
        const toSec = xToTime(timeline.view, Math.max(started.x, point.x));
        const lanesTop = topOf(bandsNow(), 'lanes') - timeline.scrollY;
        const chosen = new Set(before);
        timeline.tracks.forEach((track, at) => {
          const top = timeline.layout.tops[at]! + lanesTop;
          const bottom = top + timeline.layout.heights[at]!;
          if (bottom < Math.min(started.y, point.y) || top > Math.max(started.y, point.y)) {
            return;
          }
          const [first, last] = laneWindow(track.lane, fromSec, toSec);
          for (let i = first; i < last; i += 1) {
            if (track.lane.endSec[i]! >= fromSec) {
              chosen.add(track.lane.items[i]!.id);
            }
          }
        });
        doc.selection = chosen;
      },
      end: () => {
        timeline.marquee = null;
      },
      scrolls: false,
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

  function laneDrag(point: Point, event: PointerEvent): Drag | null {
    const { track, found } = laneHitAt(point);
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    if (found !== null) {
      select(found.item, adds);
      const canEdit = studio.writable && !('review' in found.item && found.item.review !== 'predicted');
      if (adds || !canEdit) {
        return null;
      }
      return found.hit.part === 'body' || found.item.startPts === found.item.endPts
        ? moveDrag(found)
        : resizeDrag(found);
    }
    if (adds) {
      return marqueeDrag();
    }
    return track === null || !studio.writable ? scrubDrag() : createDrag(track, point);
  }

  function begin(region: Region, point: Point, event: PointerEvent): Drag | null {
    if (event.button === 1) {
      return panDrag();
    }
    switch (region) {
      case 'overview':
        return overviewDrag(point);
      case 'ruler':
      case 'frames':
      case 'wave': {
        const scrub = scrubDrag();
        scrub.move(point);
        return scrub;
      }
      case 'covered':
        return studio.writable ? coverDrag(point) : scrubDrag();
      case 'lanes':
        return laneDrag(point, event);
    }
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
      clearGhost();
      timeline.coverGhost = null;
      timeline.marquee = null;
    }
  }

  function updateCursor(point: Point): void {
    const region = regionAt(bandsNow(), point.y);
    let cursor = 'default';
    let title: string | null = null;
    if (region === 'lanes') {
      const { found } = laneHitAt(point);
      if (found !== null) {
        cursor = found.hit.part === 'body' ? 'grab' : 'ew-resize';
        title = found.item.id;
      } else {
        cursor = 'crosshair';
      }
    } else if (region === 'covered') {
      cursor = 'crosshair';
    }
    timeline.hoverId = title;
    if (element.style.cursor !== cursor) {
      element.style.cursor = cursor;
    }
  }

  return {
    down(event) {
      if (event.button > 1 || doc.video === null) {
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
      if (drag !== null) {
        finish(false);
      }
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
