/**
 * What a person may want to see next on the Annotate screen, so that its pictures are there by then.
 */
import { framesOf } from '#core/timeline/destinations';
import { framesBack, likelyFrames } from '#core/timeline/likelyFrames';
import { keyboard, runnable } from '../../../keys/dispatcher.svelte.ts';
import { doc } from '../../../state/document.svelte.ts';
import { FAR_SEC, player } from '../../../state/player.svelte.ts';
import { studio } from '../../../state/studio.svelte.ts';
import { isPrediction } from '../../../timeline/timelineState.svelte.ts';
import { selectedItems } from './chosen.ts';
import { allItems } from './going.ts';

/** Frames, the likeliest first. While something plays, none. @param steps by how many frames the next steps may move */
export function likelyNext(steps: readonly number[]): readonly number[] {
  if (player.playing) {
    return [];
  }
  const [selected] = selectedItems();
  return likelyFrames(
    {
      times: doc.times,
      frame: player.frame,
      actions: runnable(),
      lastAction: keyboard.lastAction,
      stepSec: studio.settings.stepSeconds,
      farSec: FAR_SEC,
      spans: allItems(),
      selectedId: selected?.id,
      isWaiting: (item) => isPrediction(item) && item.review === 'predicted',
      nudged: selected === undefined ? null : framesOf(doc.times, selected),
      next: [],
      loop: player.loop,
      pointed: player.pointedFrame,
    },
    steps,
  );
}

/** Frames that keys lead back to from a frame. */
export function backFrom(frame: number): readonly number[] {
  const { times } = doc;
  return framesBack(
    { times, stepSec: studio.settings.stepSeconds, farSec: FAR_SEC, spans: allItems() },
    frame,
  );
}
