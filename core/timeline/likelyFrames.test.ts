import { describe, expect, it } from 'vitest';
import { boundaryFrom, frameSecondsAway, framesOf, spanFrom, type Span } from './destinations.ts';
import { regularFrames } from './frameTimes.ts';
import { framesBack, LIKELY, likelyFrames, nextSteps, type Situation } from './likelyFrames.ts';

const times = regularFrames({
  frameCount: 1000,
  startPts: 0,
  timeBase: { num: 1, den: 25 },
  averageRate: { num: 25, den: 1 },
});
const spans: readonly (Span & { readonly waiting: boolean })[] = [
  { id: 'a', startSec: 2, endSec: 4, waiting: false },
  { id: 'b', startSec: 12, endSec: 13, waiting: true },
  { id: 'c', startSec: 30, endSec: 35, waiting: true },
];
const base: Situation<(typeof spans)[number]> = {
  times,
  frame: 400,
  actions: new Set(),
  lastAction: null,
  stepSec: 1,
  farSec: 10,
  spans,
  isWaiting: ({ waiting }) => waiting,
  nudged: null,
  next: [],
  loop: null,
  pointed: null,
};

describe('likely frames', () => {
  it('are what the actions themselves lead to, and only of actions that there are', () => {
    const leads: Record<string, number> = {
      stepForward: frameSecondsAway(times, 400, 1),
      stepBack: frameSecondsAway(times, 400, -1),
      jumpForward: frameSecondsAway(times, 400, 10),
      jumpBack: frameSecondsAway(times, 400, -10),
      nextBoundary: boundaryFrom(times, spans, 400, 1)!,
      previousBoundary: boundaryFrom(times, spans, 400, -1)!,
      nextSegment: framesOf(times, spanFrom(spans, undefined, 16, 1)!).firstFrame,
      previousSegment: framesOf(times, spanFrom(spans, undefined, 16, -1)!).firstFrame,
      goToStart: 0,
      goToEnd: 999,
    };
    expect(leads).toMatchObject({
      stepForward: 425,
      jumpBack: 150,
      nextBoundary: 750,
      previousBoundary: 324,
    });
    for (const [action, target] of Object.entries(leads)) {
      expect(likelyFrames({ ...base, actions: new Set([action]) }, [])).toContain(target);
    }
    expect(likelyFrames(base, [])).toEqual([]);
  });

  it('begin with what is pointed at, then steps; nothing twice, nothing outside, not the present frame', () => {
    const all = new Set(LIKELY.flatMap((group) => Object.keys(group)));
    const situation = {
      ...base,
      frame: 998,
      actions: all,
      pointed: 77,
      loop: { firstFrame: 998, lastFrame: 999 },
    };
    const frames = likelyFrames(situation, nextSteps(1, 1));
    expect(frames.slice(0, 3)).toEqual([77, 999, 997]);
    expect(new Set(frames).size).toBe(frames.length);
    expect(frames.every((frame) => frame >= 0 && frame < 1000 && frame !== 998)).toBe(true);
  });

  it('put what the last action leads to again before all but the nearest', () => {
    const actions = new Set(['stepForward', 'nextBoundary', 'jumpForward', 'goToEnd']);
    expect(likelyFrames({ ...base, actions }, [1])).toEqual([401, 425, 750, 650, 999]);
    expect(likelyFrames({ ...base, actions, lastAction: 'jumpForward' }, [1])).toEqual([
      401, 425, 650, 750, 999,
    ]);
    expect(likelyFrames({ ...base, actions, lastAction: 'jumpBack' }, [])[0]).toBe(425);
  });

  it('of what awaits review: where it begins and ends, and where its edges can be moved', () => {
    const review = {
      ...base,
      actions: new Set(['nextUnreviewed', 'accept', 'startBack', 'endForward']),
      nudged: { firstFrame: 300, lastFrame: 324 },
      next: [{ firstFrame: 500, lastFrame: 510 }],
    };
    expect(likelyFrames(review, [])).toEqual([299, 325, 500, 510, 750, 874]);
  });

  it('that lie before a place: what keys lead back to from there, and nothing outside', () => {
    // Segment b ends at 13 s; its last frame is 324.
    expect(framesBack(base, 400)).toEqual([375, 324, 150]);
    expect(framesBack(base, 30)).toEqual([5, 0]);
    expect(framesBack(base, 0)).toEqual([]);
  });

  it('go on as the last steps went', () => {
    expect(nextSteps(1, 0)).toEqual([1, 2, 3, 4, -1]);
    expect(nextSteps(-1, -1)).toEqual([-1, -2, -3, -4, 1]);
    expect(nextSteps(25, 25)).toEqual([25, 1, -1]);
    expect(nextSteps(317, 25)).toEqual([1, -1]);
  });
});
