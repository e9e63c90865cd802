/**
 * What lies at a place of the timeline as it is now: items under the pointer, and times worth snapping to.
 */
import { hitLane, type Hit } from '#core/timeline/hitTest';
import { laneAtY, laneWindow } from '#core/timeline/lanes';
import { SNAP_PX, type SnapTarget } from '#core/timeline/snapping';
import { doc } from '../../state/document.svelte.ts';
import { player } from '../../state/player.svelte.ts';
import { FURTHER_ROW_PX, timeline, type Track, type TrackItem } from '../timelineState.svelte.ts';

/** An item under the pointer. */
export interface LaneHit {
  readonly track: Track;
  readonly item: TrackItem;
  readonly hit: Hit;
}

/** Finds lane and item at a place. @param y from the top of the first lane, scrolling included */
export function hitLanes(x: number, y: number): { track: Track | null; found: LaneHit | null } {
  const at = laneAtY(timeline.layout, y);
  const track = timeline.tracks[at];
  if (track === undefined) {
    return { track: null, found: null };
  }
  const inLane = y - timeline.layout.tops[at]!;
  const lastRow = track.lane.rows - 1;
  const row = track.collapsed ? 0 : Math.max(0, Math.min(lastRow, Math.floor((inLane - 3) / FURTHER_ROW_PX)));
  for (const candidate of track.lane.rows === 1 ? [0] : [row, row - 1, row + 1]) {
    const hit = hitLane(track.lane, timeline.view, x, candidate, (id) => doc.selection.has(id));
    if (hit !== null) {
      return { track, found: { track, item: track.lane.items[hit.index]!, hit } };
    }
  }
  return { track, found: null };
}

/** Playhead, neighbours' and predictions' edges within reach of a time. @param exclude ids of what is dragged */
export function snapTargets(sec: number, exclude: ReadonlySet<string>): SnapTarget[] {
  const reach = (SNAP_PX + 2) / timeline.view.pxPerSec;
  const targets: SnapTarget[] = [{ sec: player.sec, kind: 'playhead' }];
  for (const track of timeline.tracks) {
    const [first, last] = laneWindow(track.lane, sec - reach, sec + reach);
    for (let i = first; i < last; i += 1) {
      const item = track.lane.items[i]!;
      if (!exclude.has(item.id)) {
        const kind = 'review' in item ? 'prediction' : 'segment';
        targets.push({ sec: item.startSec, kind }, { sec: item.endSec, kind });
      }
    }
  }
  return targets;
}
