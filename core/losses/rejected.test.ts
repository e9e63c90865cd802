/** Rejected candidates: hard negatives of their class, on uncovered steps too, and nothing else. */
import { describe, expect, it } from 'vitest';
import { rejectedOnGrid, coveredSteps } from '#core/data/grid';
import { constantTiming, planSnippets } from '#core/data/snippets';
import { pyramidLayout, defaultRegressionRanges } from '#core/model/bricks/pyramid';
import type { DetectorBatch } from '#core/model/detector';
import { gtadLabels } from './gtadLabels.ts';
import { gtadLoss } from './gtadLoss.ts';
import { batchTargets, pointLoss } from './pointLoss.ts';

const layout = pyramidLayout(16, { levels: 3, regressionRanges: defaultRegressionRanges(3) });
const batch: DetectorBatch = {
  features: new Float32Array(16),
  shape: [1, 16, 1],
  lengths: [16],
  segments: [[{ start: 2, end: 5, classIndex: 0 }]],
};
const rejected = [[{ start: 9, end: 12, classIndex: 1 }]];

function slopes(given: DetectorBatch, weights?: readonly number[]): number[][] {
  const targets = batchTargets(layout, given, 1.5);
  const { dLogits } = pointLoss(
    targets,
    new Float32Array(layout.rows * 2),
    new Float32Array(layout.rows * 2).fill(1),
    1,
    weights,
  );
  return Array.from({ length: layout.rows }, (_, row) => [dLogits[2 * row]!, dLogits[2 * row + 1]!]);
}

describe('a rejected candidate', () => {
  const plain = slopes(batch);
  const covered = Uint8Array.from({ length: 16 }, (_, step) => (step < 8 ? 1 : 0));

  it('pushes its own class down harder at the points that would answer for it', () => {
    const pushed = slopes({ ...batch, rejected });
    const changed = pushed.flatMap(([first, second], row) =>
      first !== plain[row]![0] || second !== plain[row]![1] ? [row] : [],
    );
    expect(changed.map((row) => layout.points[row]!.position)).toEqual([9.5, 10.5, 11.5]);
    for (const row of changed) {
      expect(pushed[row]![0]).toBe(plain[row]![0]);
      expect(pushed[row]![1]).toBeCloseTo(4 * plain[row]![1]!, 6);
    }
  });

  it('teaches where nobody looked, and only its own class there', () => {
    const without = slopes({ ...batch, covered });
    const pushed = slopes({ ...batch, covered, rejected });
    expect(without[10]).toEqual([0, 0]);
    expect(pushed[10]![0]).toBe(0);
    expect(pushed[10]![1]).toBeGreaterThan(0);
    expect(pushed[14]).toEqual([0, 0]);
  });

  it('does not touch a point of a real segment of that class', () => {
    const own = slopes({ ...batch, rejected: [[{ start: 2, end: 5, classIndex: 0 }]] });
    expect(own).toEqual(plain);
  });

  it('gives G-TAD hard cells, unless a segment is there', () => {
    const options = { nodeWidth: 2, covered } as const;
    const without = gtadLabels(batch.segments[0]!, 16, 16, options);
    const labels = gtadLabels(batch.segments[0]!, 16, 16, { ...options, rejected: rejected[0] });
    expect(without.hardCells.size).toBe(0);
    const cell = 2 * 16 + 9;
    expect([...labels.hardCells]).toContain(cell);
    expect([without.cellMask[cell], labels.cellMask[cell]]).toEqual([0, 1]);
    const onSegment = gtadLabels(batch.segments[0]!, 16, 16, { ...options, rejected: batch.segments[0] });
    expect(onSegment.hardCells.size).toBe(0);
    const half = {
      steps: 16,
      durations: 16,
      start: new Float64Array(16).fill(0.5),
      end: new Float64Array(16).fill(0.5),
      regression: new Float64Array(256).fill(0.5),
      classification: new Float64Array(256).fill(0.5),
    };
    const loss = gtadLoss(
      [half],
      [labels],
      { weights: { node: 1, regression: 1, classification: 1 }, balanceOffsets: [0, 0] },
      () => 0.5,
    );
    const { classification } = loss.gradients[0]!;
    expect(classification[cell]!).toBeCloseTo(4 * classification[0]!, 9);
  });
});

it('weights of classes count for positives alone', () => {
  const plain = slopes(batch);
  const weighted = slopes(batch, [2, 3]);
  const positive = layout.points.findIndex((point) => point?.position === 3.5);
  expect(weighted[positive]![0]).toBeCloseTo(2 * plain[positive]![0]!, 6);
  expect(weighted[positive]![1]).toBe(plain[positive]![1]);
  expect(weighted[12]).toEqual(plain[12]);
});

describe('on the grid', () => {
  const plan = planSnippets(constantTiming(40, 10), {
    snippets: 4,
    framesPerSnippet: 2,
    side: 8,
    mode: 'resize',
    strideFrames: 1,
  });
  const segment = { startSec: 0, endSec: 1, label: 'a' };

  it('doubles of a segment and unknown labels say nothing', () => {
    const candidates = [
      { startSec: 0.1, endSec: 1.1, label: 'a' },
      { startSec: 0.1, endSec: 1.1, label: 'b' },
      { startSec: 2, endSec: 3, label: 'gone' },
    ];
    expect(rejectedOnGrid(candidates, [segment], ['a', 'b'], plan)).toEqual([
      { start: 0.1, end: 1.1, classIndex: 1 },
    ]);
    expect(rejectedOnGrid(undefined, [], ['a'], plan)).toEqual([]);
  });

  it('time in a segment counts as looked at', () => {
    expect([...coveredSteps([{ startSec: 3, endSec: 4 }], plan, [segment])]).toEqual([1, 0, 0, 1]);
  });
});
