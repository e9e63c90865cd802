/**
 * Actions of the Annotate screen, for the keys and the palette.
 */
import type { ActionHandlers } from '../../../keys/dispatcher.svelte.ts';
import { mergeItems, removeItems, splitAt } from '../../../state/annotationCommands.ts';
import { doc } from '../../../state/document.svelte.ts';
import { player, playRange } from '../../../state/player.svelte.ts';
import { changeSettings, studio } from '../../../state/studio.svelte.ts';
import {
  currentLabel,
  isPrediction,
  toggleFit,
  toggleFold,
  zoomBy,
} from '../../../timeline/timelineState.svelte.ts';
import { rangeOfInterest, selectedItems } from './chosen.ts';
import { goToBoundary, goToEdge, goToItem, goToVideo } from './going.ts';
import {
  acceptAbove,
  addPoint,
  changeTrack,
  commit,
  copy,
  deselect,
  markCovered,
  markEdge,
  moveTrack,
  nudge,
  paste,
  pressLabel,
  rejectBelow,
} from './labelling.ts';

/** What the screen itself must do. */
export interface ScreenActions {
  readonly pickLabel: () => void;
  readonly search: () => void;
}

/** Handlers of the Annotate screen. */
export function annotateActions(screen: ScreenActions): ActionHandlers {
  const edits: ActionHandlers = studio.writable
    ? {
        markIn: () => markEdge(true),
        markOut: () => markEdge(false),
        commit,
        delete: () => void removeItems([...doc.selection]),
        split: () => {
          const ids = doc.selection.size > 0 ? [...doc.selection] : doc.segments.map((segment) => segment.id);
          void splitAt(ids, player.frame);
        },
        merge: () => void mergeItems([...doc.selection]),
        point: addPoint,
        nudgeStartBack: () => nudge('start', -1),
        nudgeStartForward: () => nudge('start', 1),
        nudgeEndBack: () => nudge('end', -1),
        nudgeEndForward: () => nudge('end', 1),
        nudgeStartBackTen: () => nudge('start', -10),
        nudgeStartForwardTen: () => nudge('start', 10),
        nudgeEndBackTen: () => nudge('end', -10),
        nudgeEndForwardTen: () => nudge('end', 10),
        covered: markCovered,
        paste,
        trackUp: () => changeTrack(-1),
        trackDown: () => changeTrack(1),
        moveTrackUp: () => moveTrack(-1),
        moveTrackDown: () => moveTrack(1),
        acceptAbove,
        rejectBelow,
        pickLabel: screen.pickLabel,
        ...Object.fromEntries(
          Array.from({ length: 20 }, (_, index) => [`label.${index + 1}`, () => pressLabel(index)]),
        ),
      }
    : {};
  return {
    ...edits,
    goToIn: () => goToEdge(selectedItems()[0], 'start'),
    goToOut: () => goToEdge(selectedItems()[0], 'end'),
    playSegment: () => {
      const range = rangeOfInterest();
      if (range !== null) {
        playRange(range);
      }
    },
    previousBoundary: () => goToBoundary(-1),
    nextBoundary: () => goToBoundary(1),
    previousSegment: () => goToItem(-1, () => true),
    nextSegment: () => goToItem(1, () => true),
    nextUnreviewed: () => goToItem(1, (item) => isPrediction(item) && item.review === 'predicted'),
    previousUnreviewed: () => goToItem(-1, (item) => isPrediction(item) && item.review === 'predicted'),
    nextVideo: () => goToVideo(1),
    previousVideo: () => goToVideo(-1),
    foldTrack: () => toggleFold(currentLabel()?.id ?? ''),
    zoomIn: () => zoomBy(1.5),
    zoomOut: () => zoomBy(1 / 1.5),
    fit: toggleFit,
    snap: () => void changeSettings({ snap: !studio.settings.snap }),
    copy,
    selectAll: () => (doc.selection = new Set(doc.segments.map((segment) => segment.id))),
    search: screen.search,
    deselect,
  };
}
