/**
 * What the actions of the Annotate screen act on: the selected items, their edges as frames, and the range that they span.
 */
import { boundaryNearSec, frameAtPts, frameAtSec } from '#core/timeline/frameTimes';
import { doc } from '../../../state/document.svelte.ts';
import { player, type LoopRange } from '../../../state/player.svelte.ts';
import { studio } from '../../../state/studio.svelte.ts';
import { timeline, type TrackItem } from '../../../timeline/timelineState.svelte.ts';

/** First frame of an item. */
export const firstOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.startSec);
/** The boundary after an item's last frame. */
export const lastOf = (item: TrackItem): number => boundaryNearSec(doc.times, item.endSec);

/** Selected segments and predictions. */
export function selectedItems(): TrackItem[] {
  return [...doc.selection].flatMap((id) => doc.segmentById.get(id) ?? doc.predictionById.get(id) ?? []);
}

/** The frame that a person meant by a press now: while playing, reaction time is taken off. */
export function meantFrame(): number {
  if (!player.playing) {
    return player.frame;
  }
  const lateSec = (studio.settings.reactionTimeMs / 1000) * player.rate;
  return frameAtSec(doc.times, Math.max(0, player.sec - lateSec));
}

/** Frames of what is selected, else of the marked range; null when there is neither. */
export function rangeOfInterest(): LoopRange | null {
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
