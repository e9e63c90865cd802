/**
 * Where the playhead is and how it moves: one state for the player, the timeline and the keys.
 *
 * The playhead is a frame, never a time: it jumps from frame to frame. While playing, whoever plays (`player/playback.ts`)
 * reports frames here.
 */
import { frameSecondsAway } from '#core/timeline/destinations';
import { frameAtSec, frameCountOf, ptsOfFrame, secOfFrame } from '#core/timeline/frameTimes';
import { doc } from './document.svelte.ts';

/** Seconds of a long jump. */
export const FAR_SEC = 10;
/** Speeds that can be chosen. */
export const SPEEDS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 1.25, 1.5, 2, 3, 4, 8, 16] as const;

/** Frames to repeat: the last one included. */
export interface LoopRange {
  readonly firstFrame: number;
  readonly lastFrame: number;
}

class PlayerState {
  /** The frame under the playhead. */
  frame = $state(0);
  playing = $state(false);
  /** The chosen speed, positive. */
  speed = $state(1);
  /** Shuttle: signed factor while J or L drives, 0 otherwise. */
  shuttle = $state(0);
  loop = $state.raw<LoopRange | null>(null);
  muted = $state(false);
  /** Frame of an edge that is being dragged: shown instead of the playhead's. */
  previewFrame = $state<number | null>(null);
  /** Frame that the pointer rests on or that is being typed: the playhead may go there next. */
  pointedFrame = $state<number | null>(null);
  /** Id of the video that has a copy, as far as is known. */
  copyOf = $state<string | null>(null);
  /** Set when playing shall stop after this frame. */
  stopAfter: number | null = null;

  readonly lastFrame = $derived(frameCountOf(doc.times) - 1);
  readonly sec = $derived(secOfFrame(doc.times, this.frame));
  readonly pts = $derived(ptsOfFrame(doc.times, this.frame));
  /** The frame whose picture is shown. */
  readonly shownFrame = $derived(this.previewFrame ?? this.frame);
  /** Signed speed of what plays now. */
  readonly rate = $derived(this.shuttle === 0 ? this.speed : this.shuttle);
}

/** The player. */
export const player = new PlayerState();

/** Puts the playhead on a frame; playing goes on from there. */
export function seekFrame(frame: number): void {
  player.frame = Math.max(0, Math.min(Math.round(frame), player.lastFrame));
  player.stopAfter = null;
}

/** Puts the playhead on the frame shown at a time. */
export function seekSec(sec: number): void {
  seekFrame(frameAtSec(doc.times, sec));
}

/** Pauses and moves by frames. */
export function stepFrames(count: number): void {
  pause();
  seekFrame(player.frame + count);
}

/** Moves by seconds, always by at least a frame. */
export function stepSeconds(sec: number): void {
  seekFrame(frameSecondsAway(doc.times, player.frame, sec));
}

export function play(): void {
  if (player.frame >= player.lastFrame && player.rate > 0) {
    seekFrame(0);
  }
  player.previewFrame = null;
  player.playing = true;
}

export function pause(): void {
  player.playing = false;
  player.shuttle = 0;
  player.stopAfter = null;
}

export function togglePlay(): void {
  if (player.playing) {
    pause();
  } else {
    play();
  }
}

/** Plays frames once and stops. */
export function playRange(range: LoopRange): void {
  seekFrame(range.firstFrame);
  player.shuttle = 0;
  player.stopAfter = range.lastFrame;
  player.previewFrame = null;
  player.playing = true;
}

const SHUTTLE = [1, 2, 4, 8, 16];

/** J or L: starts, gets faster with each press, turns round from the other direction. */
export function shuttle(direction: 1 | -1): void {
  const now = player.shuttle * direction;
  const next = player.playing && now > 0 ? (SHUTTLE.find((factor) => factor > now) ?? 16) : 1;
  player.shuttle = next * direction;
  player.stopAfter = null;
  player.playing = true;
}

/** K with J or L: slow motion. */
export function shuttleSlow(direction: 1 | -1): void {
  player.shuttle = 0.25 * direction;
  player.playing = true;
}

/** K: stops, and the next start is at normal speed. */
export function shuttleStop(): void {
  pause();
  player.speed = 1;
}

/** The next slower or faster of the speeds. */
export function changeSpeed(step: 1 | -1): void {
  const at = SPEEDS.findIndex((speed) => speed >= player.speed - 1e-9);
  player.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + step))]!;
  player.shuttle = 0;
}

/** A speed in words: `1/4×`, `1×`, `1.25×`. */
export function speedText(speed: number): string {
  const size = Math.abs(speed);
  const text = size < 1 && 1 / size === Math.round(1 / size) ? `1/${Math.round(1 / size)}` : String(size);
  return `${speed < 0 ? '−' : ''}${text}×`;
}
