/**
 * What lies under the pointer: an edge, a body, or nothing. Edges of thin segments stay reachable, the smaller one wins.
 */
import { laneWindow, type Lane } from './lanes.ts';
import { timeToX, xToTime, type TimelineView } from './scale.ts';

/** A part of an item. */
export interface Hit {
  readonly index: number;
  readonly part: 'start' | 'end' | 'body';
}

/** How far from an edge the pointer still takes it. */
const EDGE_PX = 6;
/** Point events are drawn this wide. */
export const POINT_PX = 9;

/**
 * Finds what is under a point of a lane.
 *
 * @param rowAt which row is at the pointer's height; items of other rows are ignored
 * @param isPreferred items that win where several lie: the selected ones
 */
export function hitLane(
  lane: Lane,
  view: TimelineView,
  x: number,
  rowAt: number,
  isPreferred: (id: string) => boolean = () => false,
): Hit | null {
  const reach = (EDGE_PX + POINT_PX) / view.pxPerSec;
  const sec = xToTime(view, x);
  const [first, last] = laneWindow(lane, sec - reach, sec + reach);
  let best: Hit | null = null;
  let bestWidth = Infinity;
  for (let i = first; i < last; i += 1) {
    if (lane.row[i] !== rowAt) {
      continue;
    }
    const x0 = timeToX(view, lane.startSec[i]!);
    const x1 = timeToX(view, lane.endSec[i]!);
    const part = partAt(x, x0, x1);
    if (part === null) {
      continue;
    }
    const width = isPreferred(lane.items[i]!.id) ? -1 : x1 - x0;
    if (width < bestWidth) {
      best = { index: i, part };
      bestWidth = width;
    }
  }
  return best;
}

/** Which part of [x0, x1] a point takes; null for none. */
export function partAt(x: number, x0: number, x1: number): Hit['part'] | null {
  if (x1 - x0 < 1e-6) {
    return Math.abs(x - x0) <= POINT_PX ? 'body' : null;
  }
  // Inside, at most a third of the width is edge, so that every segment can be taken by its middle.
  const inner = Math.min(EDGE_PX, (x1 - x0) / 3);
  if (x < x0 - EDGE_PX || x > x1 + EDGE_PX) {
    return null;
  }
  if (x <= x0 + inner) {
    return 'start';
  }
  return x >= x1 - inner ? 'end' : 'body';
}
