/**
 * Going about: boundaries, segments, predictions to review, videos, and looping what is selected.
 */
import { boundaryFrom, framesOf, spanFrom } from '#core/timeline/destinations';
import { frameAtSec, secOfFrame } from '#core/timeline/frameTimes';
import { doc } from '../../../state/document.svelte.ts';
import { pause, play, player, seekFrame } from '../../../state/player.svelte.ts';
import { goTo } from '../../../state/route.svelte.ts';
import { neighbourOf } from '../../../state/videos.svelte.ts';
import { revealPlayhead, timeline, type TrackItem } from '../../../timeline/timelineState.svelte.ts';
import { rangeOfInterest } from './chosen.ts';

const LOOP_AROUND_SEC = 1;

/** Everything on the timeline that can be gone to. */
export function allItems(): TrackItem[] {
  return timeline.tracks.flatMap((track) => [...track.lane.items]);
}

/** The next first or last frame of anything. */
export function goToBoundary(direction: 1 | -1): void {
  const target = boundaryFrom(doc.times, allItems(), player.frame, direction);
  pause();
  seekFrame(target ?? (direction > 0 ? player.lastFrame : 0));
  revealPlayhead();
}

/** The next of the wanted items: after the selected one, else from the playhead. */
export function goToItem(direction: 1 | -1, wanted: (item: TrackItem) => boolean): void {
  const [selected] = doc.selection;
  const next = spanFrom(allItems().filter(wanted), selected, player.sec, direction);
  if (next !== undefined) {
    selectItem(next);
  }
}

/** Selects an item, shows its first frame. */
export function selectItem(item: TrackItem): void {
  doc.selection = new Set([item.id]);
  timeline.currentLabelId = item.labelId;
  goToEdge(item, 'start');
}

/** Shows the first or the last frame of an item. */
export function goToEdge(item: TrackItem | undefined, edge: 'start' | 'end'): void {
  if (item !== undefined) {
    pause();
    const { firstFrame, lastFrame } = framesOf(doc.times, item);
    seekFrame(edge === 'start' ? firstFrame : lastFrame);
    revealPlayhead();
  }
}

/** The video before or after, in the Library's order. */
export function goToVideo(step: 1 | -1): void {
  const next = doc.video === null ? undefined : neighbourOf(doc.video.id, step);
  if (next !== undefined) {
    goTo('annotate', next.id);
  }
}

/** Loops what is selected, with a little before and after; without a selection the video; or ends the loop. */
export function toggleLoop(): void {
  if (player.loop !== null) {
    player.loop = null;
    return;
  }
  const range = rangeOfInterest();
  if (range === null) {
    player.loop = { firstFrame: 0, lastFrame: player.lastFrame };
    return;
  }
  const { times } = doc;
  player.loop = {
    firstFrame: frameAtSec(times, Math.max(0, secOfFrame(times, range.firstFrame) - LOOP_AROUND_SEC)),
    lastFrame: frameAtSec(times, secOfFrame(times, range.lastFrame) + LOOP_AROUND_SEC),
  };
  seekFrame(player.loop.firstFrame);
  play();
}
