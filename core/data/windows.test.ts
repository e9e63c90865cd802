/** Windows over long sequences, their joining, and held-out parts. */
import { describe, expect, it } from 'vitest';
import type { Detector, GridDetection } from '#core/model/detector';
import { detectSliding } from '#core/infer/slidingDetections';
import { holdOut, type LabelledVideo } from './holdout.ts';
import { constantTiming, planSnippets, snippetCount } from './snippets.ts';
import { ownedSteps, slidingWindows } from './windows.ts';

describe('windows', () => {
  it('cover every step, overlap by half, and every place has one owner', () => {
    for (const [length, size] of [
      [10, 16],
      [16, 16],
      [17, 16],
      [100, 16],
      [101, 7],
    ] as const) {
      const windows = slidingWindows(length, size);
      expect(windows[0]!.start).toBe(0);
      expect(windows.at(-1)!.start + windows.at(-1)!.count).toBe(length);
      for (let place = 0.25; place < length; place += 0.5) {
        const owners = windows.filter((window, index) => {
          const [from, to] = ownedSteps(windows, index);
          const isOwner = place >= from && place < to;
          if (isOwner) expect(place >= window.start && place <= window.start + window.count).toBe(true);
          return isOwner;
        });
        expect(owners).toHaveLength(1);
      }
    }
  });

  it('follow seconds where rates differ, and spread the frames of a snippet over a span', () => {
    const sampling = {
      snippets: 8,
      framesPerSnippet: 4,
      side: 8,
      mode: 'sliding',
      strideFrames: null,
      intervalSec: 0.5,
      spanSec: 1,
    } as const;
    expect([6, 30].map((rate) => snippetCount(constantTiming(rate * 60, rate), sampling))).toEqual([
      120, 120,
    ]);
    const plan = planSnippets(constantTiming(300, 30), sampling);
    expect(plan.stepSec).toBe(0.5);
    expect([...plan.frames.subarray(8, 12)]).toEqual([26, 33, 41, 48]);
  });
});

/** Finds every true segment that lies wholly in the window, and what is cut off as a worse one. */
function oracle(
  truth: readonly (readonly [number, number])[],
  calls: number[],
): Pick<Detector, 'detect' | 'suppression'> {
  return {
    suppression: { nmsSigma: 0.5, keep: 10, scoreThreshold: 0.001 },
    detect: (_parameters, features, length) => {
      const first = features[0]!;
      calls.push(length);
      return Promise.resolve(
        truth.flatMap(([start, end]): GridDetection[] => {
          const [from, to] = [Math.max(0, start - first), Math.min(length, end - first)];
          const isWhole = to - from === end - start;
          return to > from ? [{ start: from, end: to, classIndex: 0, score: isWhole ? 0.9 : 0.6 }] : [];
        }),
      );
    },
  };
}

describe('detections of a long sequence', () => {
  const steps = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => index);

  it('are found over the whole length, once each, with their own edges', async () => {
    const truth = [
      [1, 4],
      [14, 18],
      [30, 37],
      [61, 64],
      [95, 99.5],
    ] as const;
    const calls: number[] = [];
    const found = await detectSliding(oracle(truth, calls) as Detector, {}, steps(100), 100, 16);
    expect(calls.every((length) => length === 16)).toBe(true);
    const sorted = found.sort((a, b) => a.start - b.start);
    expect(sorted.map(({ start, end, score }) => [start, end, score])).toEqual(
      truth.map(([a, b]) => [a, b, 0.9]),
    );
  });

  it('of one window are the head’s own', async () => {
    const calls: number[] = [];
    const found = await detectSliding(oracle([[2, 5]], calls) as Detector, {}, steps(12), 12, 16);
    expect(calls).toEqual([12]);
    expect(found).toEqual([{ start: 2, end: 5, classIndex: 0, score: 0.9 }]);
  });
});

describe('holding out', () => {
  const video = (id: string, labels: string): LabelledVideo => ({
    id,
    timing: constantTiming(600, 10),
    segments: [...labels].map((label, index) => ({ startSec: index * 5, endSec: index * 5 + 2, label })),
  });

  it('takes a fifth of the videos and never a label’s last segment', () => {
    const videos = [...'abcdefghij'].map((id, index) => video(id, index === 0 ? 'xxz' : 'xxy'));
    for (const seed of [1, 2, 3, 4, 5]) {
      const held = holdOut(videos, seed)!;
      expect(held.validation).toHaveLength(2);
      expect(held.training).toHaveLength(8);
      expect(held.training.some(({ id }) => id === 'a')).toBe(true);
      expect(held.text).toContain('2 training videos of 10');
    }
    expect(holdOut(videos, 1)).toEqual(holdOut(videos, 1));
  });

  it('of few videos takes the last part, cut in a gap, with its own covered time', () => {
    const rejected = [{ startSec: 41, endSec: 43, label: 'x' }];
    const held = holdOut([{ ...video('a', 'xyxyxyxy'), rejected }, video('b', 'xy')], 1)!;
    const [first, second] = held.training;
    expect(held.validation.map(({ id }) => id)).toEqual(['a']);
    expect(held.validation[0]!.segments.map(({ startSec }) => startSec)).toEqual([30, 35]);
    expect(held.validation[0]!.covered).toEqual([{ startSec: 28.5, endSec: 60 }]);
    expect(first!.segments).toHaveLength(6);
    expect(first!.covered).toEqual([{ startSec: 0, endSec: 28.5 }]);
    expect(first!.rejected).toEqual([]);
    expect(second).toEqual(video('b', 'xy'));
  });

  it('says so when there is too little', () => {
    expect(holdOut([video('a', 'xyz')], 1)).toBeNull();
  });
});
