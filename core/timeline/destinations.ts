/**
 * Where keys lead from a place in a video. Pure, so that going there and making those pictures ahead follow the same rules.
 */
import { boundaryNearSec, frameAtSec, secOfFrame, type FrameTimes } from './frameTimes.ts';

/** Something with a beginning and an end. */
export interface Span {
  readonly id: string;
  readonly startSec: number;
  readonly endSec: number;
}

/** Frames from the first to the last, both included. */
export interface FrameSpan {
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/** The frames of a span; at least one. */
export function framesOf(times: FrameTimes, span: Span): FrameSpan {
  const firstFrame = boundaryNearSec(times, span.startSec);
  return { firstFrame, lastFrame: Math.max(firstFrame, boundaryNearSec(times, span.endSec) - 1) };
}

/** The frame so many seconds away, always another one. */
export function frameSecondsAway(times: FrameTimes, frame: number, sec: number): number {
  const target = frameAtSec(times, Math.max(0, secOfFrame(times, frame) + sec));
  return target === frame ? target + Math.sign(sec) : target;
}

/** The next first or last frame of any span; null where there is none. */
export function boundaryFrom(
  times: FrameTimes,
  spans: Iterable<Span>,
  frame: number,
  direction: 1 | -1,
): number | null {
  const hereSec = secOfFrame(times, direction > 0 ? frame : frame + 1);
  // Frames rise with seconds: of starts and of ends, only what lies between here and the best so far can be better.
  const bestSec = [direction * Infinity, direction * Infinity];
  let best: number | null = null;
  const consider = (kind: 0 | 1, { startSec, endSec }: Span): void => {
    const sec = kind === 0 ? startSec : endSec;
    if ((sec - hereSec) * direction < 0 || (sec - bestSec[kind]!) * direction >= 0) {
      return;
    }
    const first = boundaryNearSec(times, startSec);
    const target = kind === 0 ? first : boundaryNearSec(times, endSec) - 1;
    if (target >= first && (target - frame) * direction > 0) {
      bestSec[kind] = sec;
      best = best === null || (target - best) * direction < 0 ? target : best;
    }
  };
  for (const span of spans) {
    consider(0, span);
    consider(1, span);
  }
  return best;
}

/**
 * The next span in order of time, round and round: after the selected one, else from a time.
 *
 * @returns undefined where there is none
 */
export function spanFrom<T extends Span>(
  spans: Iterable<T>,
  selectedId: string | undefined,
  sec: number,
  direction: 1 | -1,
): T | undefined {
  const list = [...spans];
  const compare = (a: number, b: number): number =>
    list[a]!.startSec - list[b]!.startSec || list[a]!.endSec - list[b]!.endSec || a - b;
  const selected = selectedId === undefined ? -1 : list.findIndex((span) => span.id === selectedId);
  let next = -1;
  let first = -1;
  for (let at = 0; at < list.length; at += 1) {
    if (first < 0 || compare(at, first) * direction < 0) {
      first = at;
    }
    const isAhead =
      selected >= 0 ? compare(at, selected) * direction > 0 : (list[at]!.startSec - sec) * direction >= 0;
    if (isAhead && (next < 0 || compare(at, next) * direction < 0)) {
      next = at;
    }
  }
  return list[next] ?? list[first];
}
