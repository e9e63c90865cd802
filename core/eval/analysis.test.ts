import { describe, expect, it } from 'vitest';
import { bootstrapDifference, bootstrapMap, quantile } from './bootstrap.ts';
import { diagnoseDetections } from './diagnosis.ts';
import { collectEvaluationSet, matchDetections } from './matching.ts';
import { evaluateDetections } from './meanAveragePrecision.ts';
import { boundaryOffsets, precisionAtScores } from './operatingPoint.ts';

const truth = {
  a: [
    { startSec: 0, endSec: 10, label: 'jump' },
    { startSec: 40, endSec: 44, label: 'run' },
  ],
  b: [{ startSec: 5, endSec: 15, label: 'jump' }],
};
const scored = (startSec: number, endSec: number, label: string, score: number) => ({
  startSec,
  endSec,
  label,
  score,
});
const predictions = {
  a: [
    scored(0, 10, 'jump', 0.9),
    scored(0, 9, 'jump', 0.8),
    scored(0.5, 10, 'run', 0.7),
    scored(43, 50, 'run', 0.6),
    scored(39, 47, 'jump', 0.5),
    scored(80, 90, 'run', 0.4),
  ],
  b: [scored(5.5, 14, 'jump', 0.85)],
  c: [scored(0, 10, 'jump', 0.3), scored(0, 10, 'jump', 0.2)],
};

describe('diagnoseDetections', () => {
  const result = diagnoseDetections(truth, predictions, {
    tious: [0.6],
    durationsSec: new Map([['a', 100]]),
  });

  it('names each kind of mistake', () => {
    const rows = result.profile['0.60']!;
    expect(rows).toHaveLength(10);
    // 1G: the two best jumps and the best run; 2G: the next two jumps and the next run.
    expect(rows[0]).toMatchObject({ truePositive: 2 / 3, wrongLabel: 1 / 3 });
    expect(rows[1]).toMatchObject({ doubleDetection: 1 / 3, confusion: 1 / 3, localization: 1 / 3 });
    expect(rows[2]).toMatchObject({ background: 1 });
    expect(rows[9]).toMatchObject({ truePositive: 0, background: 0 });
  });

  it('says that what lies in a video without ground truth is background', () => {
    const alone = diagnoseDetections(truth, { b: predictions.b, c: predictions.c }, { tious: [0.5] });
    expect(alone.profile['0.50']![0]).toMatchObject({ truePositive: 0.5, background: 0.5 });
    expect(alone.profile['0.50']![1]).toMatchObject({ background: 1 });
  });

  it('leaves coverage out where the length of the video is unknown', () => {
    expect(result.sensitivity.coverage).toEqual({ XS: expect.any(Number) as number });
    expect(diagnoseDetections(truth, predictions, { tious: [0.5] }).missed.coverage).toEqual({});
  });

  it('counts what was missed', () => {
    expect(result.missed.all).toBeCloseTo(1 / 3, 12);
  });
});

describe('bootstrapMap', () => {
  it('holds the value itself, and gives the same interval for the same seed', () => {
    const tious = [0.5, 0.75];
    const first = bootstrapMap(truth, predictions, tious, { draws: 200, seed: 3 });
    expect(first).toEqual(bootstrapMap(truth, predictions, tious, { draws: 200, seed: 3 }));
    const { averageMap } = evaluateDetections(truth, predictions, tious);
    expect(first.averageMap.low).toBeLessThanOrEqual(averageMap);
    expect(first.averageMap.high).toBeGreaterThanOrEqual(averageMap);
    expect(first.averageMap.low).toBeLessThan(first.averageMap.high);
  });

  it('tells how much better one model is than another on the same draws', () => {
    const tious = [0.5, 0.75];
    const exact = Object.fromEntries(
      Object.entries(truth).map(([video, list]) => [video, list.map((one) => ({ ...one, score: 0.9 }))]),
    );
    const better = bootstrapDifference(truth, exact, predictions, tious, { draws: 200 });
    expect(better.difference).toBeCloseTo(1 - evaluateDetections(truth, predictions, tious).averageMap, 12);
    const worse = bootstrapDifference(truth, predictions, exact, tious, { draws: 200 });
    expect(worse.difference).toBeCloseTo(-better.difference, 12);
    expect(worse.interval.low).toBeCloseTo(-better.interval.high, 12);
    expect(bootstrapDifference(truth, predictions, predictions, tious)).toEqual({
      difference: 0,
      interval: { low: 0, high: 0 },
    });
  });

  it('has quantiles as numpy has them', () => {
    expect(quantile([1, 2, 4, 8], 0.5)).toBe(3);
    expect(quantile([1, 2, 4, 8], 0.1)).toBeCloseTo(1.3, 12);
    expect(quantile([5], 0.975)).toBe(5);
  });
});

describe('operating point', () => {
  const set = collectEvaluationSet(truth, predictions);
  const classes = matchDetections(set, [0.5]);

  it('gives precision and recall at a score', () => {
    const [all, high] = precisionAtScores(set, classes, 0, [0, 0.85]);
    expect(all).toMatchObject({ predictions: 9, truePositives: 2, recall: 2 / 3 });
    expect(high).toMatchObject({ predictions: 2, truePositives: 2, precision: 1 });
  });

  it('gives offsets of the boundaries that were found', () => {
    const offsets = boundaryOffsets(set, classes, 0)!;
    expect(offsets.start).toMatchObject({ count: 2, meanSec: 0.25, medianSec: 0.25 });
    expect(offsets.end).toMatchObject({ medianSec: -0.5, medianAbsoluteSec: 0.5 });
    expect(offsets.end.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('has no offsets where nothing was found', () => {
    const nothing = collectEvaluationSet(truth, {});
    expect(boundaryOffsets(nothing, matchDetections(nothing, [0.5]), 0)).toBeUndefined();
  });
});
