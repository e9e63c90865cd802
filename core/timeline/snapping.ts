/**
 * Snapping: a dragged edge goes to the nearest thing within reach (playhead, neighbours, the model's edges), else to a boundary
 * between frames. Edges always lie between frames, with snapping on or off: there is no time between two frames to label.
 */
import { boundaryNearSec, secOfFrame, type FrameTimes } from './frameTimes.ts';

/** What was snapped to. */
export type SnapKind = 'frame' | 'playhead' | 'segment' | 'prediction';

/** A time to snap to. */
export interface SnapTarget {
  readonly sec: number;
  readonly kind: SnapKind;
}

/** Where an edge comes to lie. */
export interface Snapped {
  /** The boundary before this frame. */
  readonly frame: number;
  readonly sec: number;
  readonly kind: SnapKind;
}

/** Reach in pixels. */
export const SNAP_PX = 8;

/**
 * Snaps a time.
 *
 * @param targets any order; only those within `SNAP_PX` matter, the nearest wins, the playhead wins ties
 * @param enabled false (Alt held, or snapping off): frames only
 */
export function snapTime(
  sec: number,
  targets: readonly SnapTarget[],
  pxPerSec: number,
  times: FrameTimes,
  enabled: boolean,
): Snapped {
  let best: SnapTarget | null = null;
  let bestPx = SNAP_PX;
  if (enabled) {
    for (const target of targets) {
      const distance = Math.abs(target.sec - sec) * pxPerSec;
      if (distance < bestPx || (distance === bestPx && target.kind === 'playhead')) {
        best = target;
        bestPx = distance;
      }
    }
  }
  const frame = boundaryNearSec(times, best?.sec ?? sec);
  return { frame, sec: secOfFrame(times, frame), kind: best?.kind ?? 'frame' };
}

/** Snaps a moved range by whichever of its edges is nearer to something; its length in frames stays. */
export function snapRange(
  startSec: number,
  endSec: number,
  targets: readonly SnapTarget[],
  pxPerSec: number,
  times: FrameTimes,
  enabled: boolean,
): Snapped {
  const start = snapTime(startSec, targets, pxPerSec, times, enabled);
  const end = snapTime(endSec, targets, pxPerSec, times, enabled);
  const startMove = Math.abs(start.sec - startSec);
  const endMove = Math.abs(end.sec - endSec);
  if (end.kind !== 'frame' && (start.kind === 'frame' || endMove < startMove)) {
    const frame = boundaryNearSec(times, startSec + (end.sec - endSec));
    return { frame, sec: secOfFrame(times, frame), kind: end.kind };
  }
  return start;
}
