/**
 * Actions of the player, for the keys and the palette.
 */
import { keyboard, type ActionHandlers } from '../keys/dispatcher.svelte.ts';
import {
  changeSpeed,
  FAR_SEC,
  pause,
  player,
  seekFrame,
  shuttle,
  shuttleSlow,
  shuttleStop,
  stepFrames,
  stepSeconds,
  togglePlay,
} from '../state/player.svelte.ts';
import { studio } from '../state/studio.svelte.ts';

let movedWhileHeld = false;

function drive(direction: 1 | -1): void {
  // K held: one tap is a frame, a held key is slow motion.
  if (keyboard.held.has('KeyK')) {
    if (movedWhileHeld) {
      shuttleSlow(direction);
    } else {
      stepFrames(direction);
    }
    movedWhileHeld = true;
    return;
  }
  shuttle(direction);
}

/** Handlers of the player. */
export function playerActions(): ActionHandlers {
  return {
    playPause: togglePlay,
    shuttleBack: () => drive(-1),
    shuttleForward: () => drive(1),
    shuttleStop: () => {
      movedWhileHeld = false;
      shuttleStop();
    },
    slower: () => changeSpeed(-1),
    faster: () => changeSpeed(1),
    previousFrame: () => stepFrames(-1),
    nextFrame: () => stepFrames(1),
    stepBack: () => stepSeconds(-studio.settings.stepSeconds),
    stepForward: () => stepSeconds(studio.settings.stepSeconds),
    jumpBack: () => stepSeconds(-FAR_SEC),
    jumpForward: () => stepSeconds(FAR_SEC),
    goToStart: () => {
      pause();
      seekFrame(0);
    },
    goToEnd: () => {
      pause();
      seekFrame(player.lastFrame);
    },
    mute: () => {
      player.muted = !player.muted;
    },
  };
}
