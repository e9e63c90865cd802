/**
 * Going about: boundaries, segments, predictions to review, videos, and looping what is selected.
 */
import { frameAtSec, secOfFrame } from '#core/timeline/frameTimes';
import { doc } from '../../../state/document.svelte.ts';
import { pause, play, player, seekFrame } from '../../../state/player.svelte.ts';
import { goTo } from '../../../state/route.svelte.ts';
import { neighbourOf } from '../../../state/videos.svelte.ts';
import { revealPlayhead, timeline, type TrackItem } from '../../../timeline/timelineState.svelte.ts';
import { firstOf, lastOf, rangeOfInterest } from './chosen.ts';

const LOOP_AROUND_SEC = 1;

function allItems(): TrackItem[] {
  return timeline.tracks.flatMap((track) => [...track.lane.items]);
}

/** The next first or last frame of anything. */
export function goToBoundary(direction: 1 | -1): void {
  let best: number | null = null;
  const consider = (frame: number): void => {
    const ahead = (frame - player.frame) * direction;
    if (ahead > 0 && (best === null || ahead < (best - player.frame) * direction)) {
      best = frame;
    }
  };
  for (const item of allItems()) {
    consider(firstOf(item));
    consider(Math.max(0, lastOf(item) - 1));
  }
  pause();
  seekFrame(best ?? (direction > 0 ? player.lastFrame : 0));
  revealPlayhead();
}

/** The next of the wanted items: after the selected one, else from the playhead. */
export function goToItem(direction: 1 | -1, wanted: (item: TrackItem) => boolean): void {
  const items = allItems()
    .filter(wanted)
    .sort((a, b) => a.startSec - b.startSec || a.endSec - b.endSec);
  const [selected] = doc.selection;
  const at = items.findIndex((item) => item.id === selected);
  const next =
    at >= 0
      ? items[(at + direction + items.length) % items.length]
      : direction > 0
        ? (items.find((item) => item.startSec >= player.sec) ?? items[0])
        : (items.findLast((item) => item.startSec <= player.sec) ?? items.at(-1));
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
    seekFrame(edge === 'start' ? firstOf(item) : Math.max(firstOf(item), lastOf(item) - 1));
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
