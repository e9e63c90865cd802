import { describe, expect, it } from 'vitest';
import { evaluateDetections, unknownLabels } from './meanAveragePrecision.ts';
import { collectEvaluationSet } from './matching.ts';
import { parseTiouRange, tiouKey, tiousOf } from './protocol.ts';

const jump = (startSec: number, endSec: number) => ({ startSec, endSec, label: 'jump' });
const scored = (startSec: number, endSec: number, score: number, label = 'jump') => ({
  startSec,
  endSec,
  label,
  score,
});

describe('evaluateDetections', () => {
  it('gives 1 for perfect predictions', () => {
    const result = evaluateDetections(
      { a: [jump(0, 10), jump(20, 30)] },
      { a: [scored(0, 10, 0.9), scored(20, 30, 0.8)] },
      [0.5, 0.95],
    );
    expect(result.map).toEqual({ '0.50': 1, '0.95': 1 });
    expect(result.averageMap).toBe(1);
  });

  it('counts the second detection of one segment as false', () => {
    const result = evaluateDetections(
      { a: [jump(0, 10), jump(50, 60)] },
      { a: [scored(0, 10, 0.9), scored(0, 9, 0.8), scored(50, 60, 0.7)] },
      [0.5],
    );
    expect(result.averageMap).toBeCloseTo(0.5 * 1 + 0.5 * (2 / 3), 12);
  });

  it('lets a prediction fall back to its second-best free segment', () => {
    const result = evaluateDetections(
      { a: [jump(0, 10), jump(1, 11)] },
      { a: [scored(0, 10, 0.9), scored(0.2, 10.2, 0.8)] },
      [0.5],
    );
    expect(result.averageMap).toBe(1);
  });

  it('accepts a tIoU that equals the threshold', () => {
    expect(evaluateDetections({ a: [jump(0, 10)] }, { a: [scored(0, 5, 0.9)] }, [0.5]).averageMap).toBe(1);
  });

  it('keeps the input order of equal scores', () => {
    const hit = scored(0, 10, 0.5);
    const miss = scored(30, 40, 0.5);
    expect(evaluateDetections({ a: [jump(0, 10)] }, { a: [hit, miss] }, [0.5]).averageMap).toBe(1);
    expect(evaluateDetections({ a: [jump(0, 10)] }, { a: [miss, hit] }, [0.5]).averageMap).toBe(0.5);
  });

  it('punishes predictions in videos without ground truth', () => {
    const result = evaluateDetections(
      { a: [jump(0, 10)] },
      { b: [scored(0, 10, 0.9)], a: [scored(0, 10, 0.8)] },
      [0.5],
    );
    expect(result.averageMap).toBe(0.5);
  });

  it('ignores labels that the ground truth lacks, and names them', () => {
    const predictions = { a: [scored(0, 10, 0.9), scored(0, 10, 1, 'hop')] };
    expect(evaluateDetections({ a: [jump(0, 10)] }, predictions, [0.5]).averageMap).toBe(1);
    expect(unknownLabels(collectEvaluationSet({ a: [jump(0, 10)] }, predictions))).toEqual(['hop']);
  });

  it('takes labels and videos that are also names of object members', () => {
    const label = '__proto__';
    const result = evaluateDetections(
      new Map([['constructor', [{ startSec: 0, endSec: 1, label }]]]),
      new Map([['constructor', [scored(0, 1, 1, label)]]]),
      [0.5],
    );
    expect(result.ap[label]).toEqual({ '0.50': 1 });
  });

  it('does not find anything with segments of no length', () => {
    expect(evaluateDetections({ a: [jump(3, 3)] }, { a: [scored(3, 3, 0.9)] }, [0.5]).averageMap).toBe(0);
  });

  it('says so when there is no ground truth, or a number is none', () => {
    expect(() => evaluateDetections({}, { a: [scored(0, 1, 1)] }, [0.5])).toThrow(/no segments/);
    expect(() => evaluateDetections({ a: [jump(0, 1)] }, { a: [scored(0, 1, Number.NaN)] }, [0.5])).toThrow(
      /video a.*not a number/,
    );
  });
});

describe('thresholds', () => {
  it('are written first:last:step', () => {
    expect(tiousOf('custom', parseTiouRange('0.3:0.7:0.1')).map(tiouKey)).toEqual([
      '0.30',
      '0.40',
      '0.50',
      '0.60',
      '0.70',
    ]);
    expect(tiousOf('custom', parseTiouRange('0.5'))).toEqual([0.5]);
    expect(tiousOf('custom', parseTiouRange('0.5:0.96:0.05'))).toHaveLength(10);
    expect(tiousOf('custom', parseTiouRange('0.5:0.6:0.025')).map(tiouKey)).toEqual([
      '0.50',
      '0.525',
      '0.55',
      '0.575',
      '0.60',
    ]);
  });

  it('are refused otherwise', () => {
    for (const text of ['', 'a:b:c', '0.5:0.4:0.1', '0:1:0.1', '0.5:0.9', '0.5:1.5:0.1', '0.1:0.9:0']) {
      expect(() => parseTiouRange(text)).toThrow(/FIRST:LAST:STEP/);
    }
    expect(() => tiousOf('custom')).toThrow(/--tiou/);
  });
});
