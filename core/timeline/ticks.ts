/**
 * Ticks of the ruler: round steps of time, down to single frames when these are wide enough.
 */
import { frameAtSec, frameCountOf, secOfFrame, type FrameTimes } from './frameTimes.ts';
import { viewEndSec, type TimelineView } from './scale.ts';
import { clockText } from './timeText.ts';

/** A line of the ruler; only major ones have a text. */
export interface Tick {
  readonly sec: number;
  readonly text: string | null;
}

const STEPS_SEC = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
];
const MINOR_PER_MAJOR: Readonly<Record<number, number>> = { 15: 3, 30: 3, 60: 4, 900: 3, 1800: 3, 3600: 4 };
/** A text needs this much room. */
const MAJOR_PX = 84;
/** Frames wider than this get lines of their own. */
const FRAME_PX = 7;

/** Time between texts at a zoom. */
export function majorStepSec(pxPerSec: number): number {
  return STEPS_SEC.find((step) => step * pxPerSec >= MAJOR_PX) ?? STEPS_SEC[STEPS_SEC.length - 1]!;
}

/** The ticks in view, in order. */
export function ticksInView(view: TimelineView, times: FrameTimes): Tick[] {
  const major = majorStepSec(view.pxPerSec);
  const decimals = major >= 1 ? 0 : major >= 0.1 ? 1 : 2;
  const minor = major / (MINOR_PER_MAJOR[major] ?? 5);
  const ticks: Tick[] = [];
  const perFrame = framePx(view, times);
  const first = Math.max(0, Math.floor(view.startSec / minor));
  const last = Math.ceil(viewEndSec(view) / minor);
  for (let n = first; n <= last; n += 1) {
    const sec = n * minor;
    const isMajor = Math.abs(sec / major - Math.round(sec / major)) < 1e-6;
    if (isMajor) {
      ticks.push({ sec, text: clockText(sec, decimals) });
    } else if (perFrame < FRAME_PX) {
      ticks.push({ sec, text: null });
    }
  }
  if (perFrame >= FRAME_PX) {
    const from = frameAtSec(times, Math.max(0, view.startSec));
    const to = Math.min(frameCountOf(times), frameAtSec(times, viewEndSec(view)) + 1);
    for (let frame = from; frame <= to; frame += 1) {
      ticks.push({ sec: secOfFrame(times, frame), text: null });
    }
    ticks.sort((a, b) => a.sec - b.sec);
  }
  return ticks;
}

/** Width of a frame in the middle of the view. */
export function framePx(view: TimelineView, times: FrameTimes): number {
  const frame = frameAtSec(times, view.startSec + view.widthPx / view.pxPerSec / 2);
  return (secOfFrame(times, frame + 1) - secOfFrame(times, frame)) * view.pxPerSec;
}
