/**
 * What every gesture on the timeline has in common: where the pointer is, snapping, and the frame of a dragged edge in the player.
 */
import { snapTime, type Snapped } from '#core/timeline/snapping';
import { xToTime } from '#core/timeline/scale';
import { doc } from '../../state/document.svelte.ts';
import { player } from '../../state/player.svelte.ts';
import { studio } from '../../state/studio.svelte.ts';
import { timeline } from '../timelineState.svelte.ts';
import { snapTargets } from './underPointer.ts';

/** A place on the canvas, in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Alt is held: nothing snaps but to frames. */
  readonly free: boolean;
}

/** A gesture under way. */
export interface Drag {
  /** Called with every move, and while the view scrolls by itself. */
  move(point: Point): void;
  /** Ends it. @param moved whether the pointer left its place at all */
  end(moved: boolean, point: Point): void;
  /** Whether the view moves on when the pointer reaches its end. */
  readonly scrolls: boolean;
}

/** A segment keeps at least this many frames. */
export const MIN_FRAMES = 1;

/** Whether edges snap to more than frames. */
export function snaps(point: Point): boolean {
  return studio.settings.snap && !point.free;
}

/** The boundary that the pointer means. @param exclude ids of what is dragged */
export function snappedAt(point: Point, exclude: ReadonlySet<string> = new Set()): Snapped {
  const sec = xToTime(timeline.view, point.x);
  return snapTime(sec, snapTargets(sec, exclude), timeline.view.pxPerSec, doc.times, snaps(point));
}

/** Shows the frame of an edge in the player: the first inside at a start, the last inside at an end. */
export function showEdge(frame: number, isEnd: boolean): void {
  player.previewFrame = Math.max(0, Math.min(player.lastFrame, isEnd ? frame - 1 : frame));
}

/** Takes away what only a gesture shows. */
export function clearGhosts(): void {
  timeline.ghost = null;
  timeline.coverGhost = null;
  timeline.marquee = null;
  player.previewFrame = null;
}
