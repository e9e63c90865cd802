/**
 * Gestures that change no segment: scrub, pan, the overview's window, covered ranges, and choosing by a rectangle.
 */
import { boundaryNearSec, durationOf } from '#core/timeline/frameTimes';
import { laneWindow } from '#core/timeline/lanes';
import { fitAll, panBy, xToTime } from '#core/timeline/scale';
import { coverRange } from '../../state/annotationCommands.ts';
import { doc } from '../../state/document.svelte.ts';
import { pause, seekSec } from '../../state/player.svelte.ts';
import { topOf, type Bands } from '../regions.ts';
import { timeline } from '../timelineState.svelte.ts';
import { snappedAt, type Drag, type Point } from './drag.ts';

/** The playhead follows the pointer. */
export function scrubDrag(): Drag {
  pause();
  const move = (point: Point): void => {
    seekSec(Math.max(0, Math.min(durationOf(doc.times), xToTime(timeline.view, point.x))));
  };
  return { move, end: (_moved, point) => move(point), scrolls: true };
}

/** The view's middle follows the pointer in the overview. */
export function overviewDrag(point: Point): Drag {
  const whole = fitAll(timeline.view, timeline.limits);
  const place = (x: number): void => {
    const half = timeline.view.widthPx / timeline.view.pxPerSec / 2;
    timeline.view = panBy({ ...timeline.view, startSec: xToTime(whole, x) - half }, 0, timeline.limits);
  };
  place(point.x);
  return { move: ({ x }) => place(x), end: () => undefined, scrolls: false };
}

/** The view moves with the pointer. */
export function panDrag(started: Point): Drag {
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

/** Marks a stretch as fully labelled; begun inside a marked one, takes the mark away. */
export function coverDrag(started: Point): Drag {
  const from = xToTime(timeline.view, started.x);
  const ticks = doc.times.pts[0]! + from / doc.times.tickSec;
  const remove = doc.covered.some((range) => range.startPts <= ticks && ticks < range.endPts);
  return {
    move: (point) => {
      timeline.coverGhost = { fromSec: from, toSec: snappedAt(point).sec, remove };
    },
    end: (moved) => {
      const ghost = timeline.coverGhost;
      timeline.coverGhost = null;
      if (moved && ghost !== null) {
        const a = boundaryNearSec(doc.times, ghost.fromSec);
        const b = boundaryNearSec(doc.times, ghost.toSec);
        void coverRange(Math.min(a, b), Math.max(a, b), remove);
      }
    },
    scrolls: true,
  };
}

/** Chooses what a rectangle touches, besides what is chosen already. */
export function marqueeDrag(started: Point, bands: Bands): Drag {
  const before = doc.selection;
  return {
    move: (point) => {
      timeline.marquee = { x0: started.x, y0: started.y, x1: point.x, y1: point.y };
      const fromSec = xToTime(timeline.view, Math.min(started.x, point.x));
      const toSec = xToTime(timeline.view, Math.max(started.x, point.x));
      const lanesTop = topOf(bands, 'lanes') - timeline.scrollY;
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
