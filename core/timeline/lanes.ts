/**
 * Lanes: the segments of one label as columns, sorted, stacked where they overlap, quick to window and to merge into pixels.
 *
 * Built once per change of the document, read every frame. 100,000 segments are walked in about a millisecond, because what is
 * thinner than a pixel is joined before anything is painted.
 */
import type { TimelineView } from './scale.ts';

/** Something with a place on a lane. */
export interface LaneItem {
  readonly id: string;
  readonly startSec: number;
  readonly endSec: number;
}

/** A lane's items as columns; position `i` is the same item in each. */
export interface Lane<T extends LaneItem = LaneItem> {
  readonly items: readonly T[];
  /** [items] rising. */
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  /** [items] the latest end among the items up to here: never falls, so it can be searched. */
  readonly latestEndSec: Float64Array;
  /** [items] row inside the lane, 0 on top. */
  readonly row: Uint8Array;
  readonly rows: number;
}

const MAX_ROWS = 4;

/** Sorts and stacks. Items that overlap get different rows, up to four; beyond that they share the last. */
export function buildLane<T extends LaneItem>(unsorted: readonly T[]): Lane<T> {
  const items = isSorted(unsorted)
    ? unsorted
    : [...unsorted].sort((a, b) => a.startSec - b.startSec || a.endSec - b.endSec);
  const count = items.length;
  const startSec = new Float64Array(count);
  const endSec = new Float64Array(count);
  const latestEndSec = new Float64Array(count);
  const row = new Uint8Array(count);
  const rowEnds = [-Infinity, -Infinity, -Infinity, -Infinity];
  let rows = 1;
  let latest = -Infinity;
  for (let i = 0; i < count; i += 1) {
    const item = items[i]!;
    startSec[i] = item.startSec;
    endSec[i] = item.endSec;
    latest = Math.max(latest, item.endSec);
    latestEndSec[i] = latest;
    let place = 0;
    while (place < MAX_ROWS - 1 && rowEnds[place]! > item.startSec + 1e-9) {
      place += 1;
    }
    row[i] = place;
    rowEnds[place] = Math.max(rowEnds[place]!, item.endSec);
    rows = Math.max(rows, place + 1);
  }
  return { items, startSec, endSec, latestEndSec, row, rows };
}

function isSorted(items: readonly LaneItem[]): boolean {
  for (let i = 1; i < items.length; i += 1) {
    const a = items[i - 1]!;
    const b = items[i]!;
    if (a.startSec > b.startSec || (a.startSec === b.startSec && a.endSec > b.endSec)) {
      return false;
    }
  }
  return true;
}

/** First position whose value is greater than `limit`; the column must not fall. */
export function upperBound(column: Float64Array, limit: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! > limit) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** Positions [first, last) that may touch a stretch of time; some inside may end before it. */
export function laneWindow(lane: Lane, fromSec: number, toSec: number): readonly [number, number] {
  const first = upperBound(lane.latestEndSec, fromSec - 1e-9);
  return [first, Math.max(first, upperBound(lane.startSec, toSec))];
}

/** Told of each block to paint: one item, or several that fall into the same pixels. */
export type LaneVisitor = (x0: number, x1: number, row: number, first: number, count: number) => void;

const pendingStart = new Float64Array(MAX_ROWS);
const pendingEnd = new Float64Array(MAX_ROWS);
const pendingFirst = new Int32Array(MAX_ROWS);
const pendingCount = new Int32Array(MAX_ROWS);

/**
 * Walks what is in view, joining neighbours of a row that are thinner than a pixel and closer than one.
 *
 * @param visit x in pixels of the view, not clipped
 */
export function visitLane(lane: Lane, view: TimelineView, visit: LaneVisitor): void {
  const fromSec = view.startSec;
  const toSec = view.startSec + view.widthPx / view.pxPerSec;
  const [first, last] = laneWindow(lane, fromSec, toSec);
  pendingCount.fill(0);
  for (let i = first; i < last; i += 1) {
    const end = lane.endSec[i]!;
    if (end < fromSec) {
      continue;
    }
    const x0 = (lane.startSec[i]! - fromSec) * view.pxPerSec;
    const x1 = (end - fromSec) * view.pxPerSec;
    const row = lane.row[i]!;
    const thin = x1 - x0 < 1;
    if (pendingCount[row]! > 0) {
      if (thin && x0 - pendingEnd[row]! < 1) {
        pendingEnd[row] = Math.max(pendingEnd[row]!, x1);
        pendingCount[row]! += 1;
        continue;
      }
      visit(pendingStart[row]!, pendingEnd[row]!, row, pendingFirst[row]!, pendingCount[row]!);
      pendingCount[row] = 0;
    }
    if (thin) {
      pendingStart[row] = x0;
      pendingEnd[row] = x1;
      pendingFirst[row] = i;
      pendingCount[row] = 1;
    } else {
      visit(x0, x1, row, i, 1);
    }
  }
  for (let row = 0; row < lane.rows; row += 1) {
    if (pendingCount[row]! > 0) {
      visit(pendingStart[row]!, pendingEnd[row]!, row, pendingFirst[row]!, pendingCount[row]!);
    }
  }
}

/** Where lanes stand: tops and heights in pixels, in order. */
export interface LaneLayout {
  readonly tops: readonly number[];
  readonly heights: readonly number[];
  readonly totalPx: number;
}

/** Heights of lanes: one unit for the first row and a smaller one for each further. */
export function layoutLanes(rows: readonly number[], firstRowPx: number, furtherRowPx: number): LaneLayout {
  const tops: number[] = [];
  const heights: number[] = [];
  let top = 0;
  for (const count of rows) {
    const height = firstRowPx + Math.max(0, count - 1) * furtherRowPx;
    tops.push(top);
    heights.push(height);
    top += height;
  }
  return { tops, heights, totalPx: top };
}

/** The lane at a height; −1 for none. */
export function laneAtY(layout: LaneLayout, y: number): number {
  for (let lane = 0; lane < layout.tops.length; lane += 1) {
    if (y >= layout.tops[lane]! && y < layout.tops[lane]! + layout.heights[lane]!) {
      return lane;
    }
  }
  return -1;
}
