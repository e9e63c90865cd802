/** The generated footage: deterministic, disjoint classes, boundaries on frames, gestures where actions begin and end. */
import { describe, expect, it } from 'vitest';
import { SOURCE_CLASSES, TARGET_CLASSES } from './classes.ts';
import { drawClip, drawStill, paintFrames, planVideo, planVideos, STILL_CLASSES } from './footage.ts';
import { createRandom } from '#core/util/random';
import { DEFAULT_FOOTAGE, OBJECT_FIELDS, planActions } from './plan.ts';

describe('footage', () => {
  it('is the same for the same seed, whatever the counts, and another for another seed', () => {
    const one = planVideo(1, 'training', 3);
    const again = [...planVideos(1, { training: 5, validation: 0, testing: 0 })][3]!;
    expect(again).toEqual(one);
    expect(planVideo(2, 'training', 3).segments).not.toEqual(one.segments);
    const first = paintFrames(one).next().value as Uint8Array;
    expect(paintFrames(again).next().value).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(30);
  });

  it('has boundaries exactly on frames, in order, inside the video', () => {
    for (let index = 0; index < 30; index += 1) {
      const video = planVideo(4, 'testing', index);
      expect(video.segments.length).toBeGreaterThan(0);
      let last = 0;
      for (const { startSec, endSec, label } of video.segments) {
        for (const sec of [startSec, endSec]) {
          const frame = sec * video.framesPerSecond;
          expect(Math.abs(frame - Math.round(frame))).toBeLessThan(1e-9);
        }
        expect(startSec).toBeGreaterThan(last);
        expect(endSec).toBeGreaterThan(startSec);
        expect(endSec).toBeLessThanOrEqual(video.durationSec);
        expect(TARGET_CLASSES).toContain(label);
        last = endSec;
      }
    }
  });

  it('squashes the actor at the onset and stretches it at the offset, never between actions', () => {
    const video = planVideo(1, 'training', 0);
    const { scene, framesPerSecond: fps } = video;
    const height = (sec: number): number => {
      const frame = Math.floor(sec * fps);
      return scene.objects[(frame * scene.objectCount + scene.objectCount - 1) * OBJECT_FIELDS + 5]!;
    };
    const { startSec, endSec } = video.segments[0]!;
    const gesture = Math.min(0.9, 0.33 * (endSec - startSec));
    expect(height(startSec + gesture / 2)).toBeLessThan(0.7);
    expect(height(endSec - gesture / 2)).toBeGreaterThan(1.3);
    expect(height(startSec - 0.5)).toBe(1);
  });

  it('has disjoint class sets and clips of every source class', () => {
    const target: readonly string[] = TARGET_CLASSES;
    expect(SOURCE_CLASSES.some((name) => target.includes(name))).toBe(false);
    const classes = new Set<number>();
    for (let index = 0; index < 120; index += 1) classes.add(drawClip(1, index, 1).classIndex);
    expect(classes.size).toBe(SOURCE_CLASSES.length);
  });

  it('has stills of every look, each the same for its seed', () => {
    const counts = new Map<number, number>();
    for (let index = 0; index < 300; index += 1) {
      const { classIndex } = drawStill(1, index);
      counts.set(classIndex, (counts.get(classIndex) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: STILL_CLASSES }, (_, index) => index),
    );
    expect(drawStill(1, 7)).toEqual(drawStill(1, 7));
    expect(drawStill(2, 7).frame).not.toEqual(drawStill(1, 7).frame);
  });

  it('ends for every length: too short is an error, hardly long enough has the shortest action', () => {
    const plan = (durationSec: number): ReturnType<typeof planActions> =>
      planActions(createRandom(1), durationSec, TARGET_CLASSES, DEFAULT_FOOTAGE);
    expect(() => plan(2)).toThrow(/2 s is too short for an action: it takes at least 4 s/);
    expect(() => plan(Number.NaN)).toThrow(/too short/);
    for (const durationSec of [4, 4.001, 4.5, 6]) {
      for (const { startSec, endSec } of plan(durationSec)) {
        expect(endSec).toBeGreaterThan(startSec);
        expect(endSec).toBeLessThanOrEqual(durationSec - 1 + 1e-9 + 0.5 / DEFAULT_FOOTAGE.framesPerSecond);
      }
      expect(plan(durationSec).length).toBeGreaterThan(0);
    }
  });
});
