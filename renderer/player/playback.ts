/**
 * Makes the playhead move: by the `<video>` element where Chromium plays the file at that speed forwards, else by a clock that
 * goes from exact frame to exact frame (backwards, and files that Chromium cannot play), dropping frames rather than time.
 */
import { frameAtSec, middleOfFrame, secOfFrame, type FrameTimes } from '#core/timeline/frameTimes';
import { pause, player, seekFrame } from '../state/player.svelte.ts';

/** Something that plays until stopped. */
export interface Playback {
  stop(): void;
}

const MUTE_ABOVE = 4;

/** Sees to loops and ends. @returns the frame to go on from, or null to stop */
export function nextFrame(frame: number, forwards: boolean): number | null {
  const { loop, lastFrame, stopAfter } = player;
  if (stopAfter !== null && frame > stopAfter) {
    return null;
  }
  if (loop !== null && forwards && (frame > loop.lastFrame || frame < loop.firstFrame - 1)) {
    return loop.firstFrame;
  }
  if (loop !== null && !forwards && frame < loop.firstFrame) {
    return loop.lastFrame;
  }
  return (forwards && frame >= lastFrame) || (!forwards && frame <= 0) ? null : frame;
}

/** Plays by the video element, which must have a source. */
export function playByVideo(
  video: HTMLVideoElement,
  times: FrameTimes,
  rate: number,
  onFailed: () => void,
): Playback {
  let stopped = false;
  let handle = 0;
  /** The frame that we reported last: a different playhead means that somebody else moved it. */
  let reported = player.frame;

  function place(frame: number): void {
    video.currentTime = middleOfFrame(times, frame);
  }

  function arrive(_now: number, metadata: VideoFrameCallbackMetadata): void {
    if (stopped) {
      return;
    }
    if (player.frame !== reported) {
      reported = player.frame;
      place(reported);
    } else {
      const frame = frameAtSec(times, metadata.mediaTime);
      const next = nextFrame(frame, true);
      if (next === null) {
        finish(frame);
        return;
      }
      if (next !== frame) {
        place(next);
      }
      player.frame = next;
      reported = next;
    }
    handle = video.requestVideoFrameCallback(arrive);
  }

  function finish(frame: number): void {
    const last = player.stopAfter;
    pause();
    seekFrame(last ?? frame);
  }

  function handleEnded(): void {
    if (!stopped) {
      if (player.loop === null) {
        finish(player.lastFrame);
      } else {
        place(player.loop.firstFrame);
        void video.play();
      }
    }
  }

  video.playbackRate = Math.min(16, Math.max(1 / 16, rate));
  video.muted = player.muted || rate > MUTE_ABOVE;
  place(player.frame);
  video.addEventListener('ended', handleEnded);
  handle = video.requestVideoFrameCallback(arrive);
  video.play().catch(() => {
    if (!stopped) {
      onFailed();
    }
  });
  return {
    stop() {
      stopped = true;
      video.cancelVideoFrameCallback(handle);
      video.removeEventListener('ended', handleEnded);
      video.pause();
    },
  };
}

/** Plays by exact frames; negative rates go backwards. */
export function playByFrames(times: FrameTimes, rate: number): Playback {
  let handle = 0;
  let startedAt = performance.now();
  let startSec = secOfFrame(times, player.frame);
  let reported = player.frame;

  function tick(now: number): void {
    if (player.frame !== reported) {
      restart(player.frame, now);
    }
    const sec = startSec + ((now - startedAt) / 1000) * rate;
    const frame = sec <= 0 ? 0 : frameAtSec(times, sec);
    const next = nextFrame(frame, rate > 0);
    if (next === null) {
      const last = player.stopAfter;
      pause();
      seekFrame(last ?? frame);
      return;
    }
    if (next !== frame) {
      restart(next, now);
    }
    player.frame = next;
    reported = next;
    handle = requestAnimationFrame(tick);
  }

  function restart(frame: number, now: number): void {
    startedAt = now;
    startSec = secOfFrame(times, frame);
    reported = frame;
  }

  handle = requestAnimationFrame(tick);
  return {
    stop() {
      cancelAnimationFrame(handle);
    },
  };
}
