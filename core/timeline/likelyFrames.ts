/**
 * The frames that a person is likely to ask for next: what the next keys lead to, and what the pointer rests on. Plain data, from the playhead, what is on
 * the timeline, and which actions there are; whoever decodes gets nothing but the list.
 */
import {
  boundaryFrom,
  frameSecondsAway,
  framesOf,
  spanFrom,
  type FrameSpan,
  type Span,
} from './destinations.ts';
import { frameCountOf, secOfFrame, type FrameTimes } from './frameTimes.ts';

/** Where a person is in a video. */
export interface Situation<T extends Span = Span> {
  readonly times: FrameTimes;
  /** Under the playhead. */
  readonly frame: number;
  /** Ids of the actions that can be run now. */
  readonly actions: ReadonlySet<string>;
  /** The action that was done last: who walks by it goes on walking. */
  readonly lastAction: string | null;
  readonly stepSec: number;
  readonly farSec: number;
  /** What can be gone to, in any order. */
  readonly spans: readonly T[];
  readonly selectedId?: string | undefined;
  /** Whether a span awaits review. */
  readonly isWaiting: (span: T) => boolean;
  /** Whose edges the next keys move or go to. */
  readonly nudged: FrameSpan | null;
  /** What comes after a decision. */
  readonly next: readonly FrameSpan[];
  readonly loop: FrameSpan | null;
  /** Under the resting pointer, or typed. */
  readonly pointed: number | null;
}

type Destinations = readonly (number | null)[];
type Rule = <T extends Span>(situation: Situation<T>) => Destinations;

const second =
  (direction: 1 | -1): Rule =>
  ({ times, frame, stepSec }) => [frameSecondsAway(times, frame, direction * stepSec)];
const far =
  (direction: 1 | -1): Rule =>
  ({ times, frame, farSec }) => [frameSecondsAway(times, frame, direction * farSec)];
const boundary =
  (direction: 1 | -1): Rule =>
  ({ times, spans, frame }) => [boundaryFrom(times, spans, frame, direction)];
/** First and last frame of the next span. */
const span =
  (direction: 1 | -1, waiting: boolean): Rule =>
  ({ times, spans, frame, selectedId, isWaiting }) => {
    const wanted = waiting ? spans.filter(isWaiting) : spans;
    const found = spanFrom(wanted, selectedId, secOfFrame(times, frame), direction);
    if (found === undefined) {
      return [];
    }
    const { firstFrame, lastFrame } = framesOf(times, found);
    return [firstFrame, lastFrame];
  };
const edge =
  (which: keyof FrameSpan, by: number): Rule =>
  ({ nudged }) => [nudged === null ? null : nudged[which] + by];
const next: Rule = (situation) =>
  situation.next.flatMap(({ firstFrame, lastFrame }) => [firstFrame, lastFrame]);

/** So many groups lead so near that they come even before what the last action leads to again. */
const NEAR_GROUPS = 2;

/** Where each action leads, the likeliest first; what one pass of a decoder may reach together is in one group. */
export const LIKELY: readonly Readonly<Record<string, Rule>>[] = [
  {
    startBack: edge('firstFrame', -1),
    startForward: edge('firstFrame', 1),
    endBack: edge('lastFrame', -1),
    endForward: edge('lastFrame', 1),
    goToIn: edge('firstFrame', 0),
    goToOut: edge('lastFrame', 0),
  },
  {
    stepBack: second(-1),
    stepForward: second(1),
  },
  {
    nextBoundary: boundary(1),
  },
  {
    nextUnreviewed: span(1, true),
    accept: next,
  },
  {
    jumpForward: far(1),
  },
  {
    nextSegment: span(1, false),
  },
  {
    nudgeStartBack: edge('firstFrame', -1),
    nudgeStartForward: edge('firstFrame', 1),
    nudgeEndBack: edge('lastFrame', -1),
    nudgeEndForward: edge('lastFrame', 1),
  },
  {
    previousBoundary: boundary(-1),
  },
  {
    jumpBack: far(-1),
    previousUnreviewed: span(-1, true),
    previousSegment: span(-1, false),
    loop: ({ loop }) => [loop?.firstFrame ?? null, loop?.lastFrame ?? null],
  },
  {
    goToStart: () => [0],
    goToEnd: ({ times }) => [frameCountOf(times) - 1],
  },
];

/**
 * What may come while keys are pressed one after the other: more steps like the last one; after a jump a frame on either side.
 *
 * @param step by how many frames the playhead moved last @param former and before that
 */
export function nextSteps(step: number, former: number): readonly number[] {
  if (Math.abs(step) === 1) {
    return [step, 2 * step, 3 * step, 4 * step, -step];
  }
  return step === former && step !== 0 ? [step, 1, -1] : [1, -1];
}

/**
 * Frames before one that keys lead back to from there: who goes there passes them.
 */
export function framesBack(
  { times, stepSec, farSec, spans }: Pick<Situation, 'times' | 'stepSec' | 'farSec' | 'spans'>,
  frame: number,
): number[] {
  const frames = [
    frameSecondsAway(times, frame, -stepSec),
    boundaryFrom(times, spans, frame, -1) ?? -1,
    frameSecondsAway(times, frame, -farSec),
  ];
  return [...new Set(frames)].filter((target) => target >= 0 && target < frame);
}

/**
 * Frames that may be asked for next, the likeliest first, each once and none of them the present one.
 *
 * @param steps by how many frames the next steps may move
 */
export function likelyFrames<T extends Span>(situation: Situation<T>, steps: readonly number[]): number[] {
  const { times, frame, actions, pointed } = situation;
  const lastFrame = frameCountOf(times) - 1;
  const frames = new Set<number>();
  const add = (list: Iterable<number | null>): void => {
    for (const target of list) {
      if (target !== null && target !== frame && target >= 0 && target <= lastFrame) {
        frames.add(target);
      }
    }
  };
  add([pointed]);
  add(steps.map((by) => frame + by));
  const addGroups = (groups: typeof LIKELY): void => {
    for (const group of groups) {
      const targets = Object.entries(group).flatMap(([action, rule]) =>
        actions.has(action) ? rule(situation) : [],
      );
      // Rising, because decoders go forwards.
      add(targets.sort((a, b) => (a ?? 0) - (b ?? 0)));
    }
  };
  addGroups(LIKELY.slice(0, NEAR_GROUPS));
  const last = situation.lastAction ?? '';
  for (const group of LIKELY) {
    const again = group[last];
    if (again !== undefined && actions.has(last)) {
      add(again(situation));
    }
  }
  addGroups(LIKELY.slice(NEAR_GROUPS));
  return [...frames];
}
