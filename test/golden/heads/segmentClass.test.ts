/**
 * G-TAD's proposal classifier against PyTorch (segment_class.py): one label a segment, and several.
 */
import { describe, expect, it } from 'vitest';
import { segmentClassLoss, segmentClassScores } from '#core/losses/segmentClassLoss';
import type { GridSegment } from '#core/model/detector';
import { expectWithin, hashed, readGolden, unpack, type Packed } from './golden.ts';

interface Case {
  readonly loss: number;
  readonly gradients: Packed;
}

const golden = readGolden<
  { readonly segments: readonly (readonly GridSegment[])[]; readonly weights: readonly number[] } & Record<
    'softmax' | 'sigmoid',
    Case
  >
>('segment_class.json');
const [STEPS, CLASSES] = [12, 4];
const all = hashed('classes', [golden.segments.length, STEPS, CLASSES], -3, 3);
const logits = golden.segments.map((_, item) =>
  all.subarray(item * STEPS * CLASSES, (item + 1) * STEPS * CLASSES),
);

describe.each(['softmax', 'sigmoid'] as const)('proposal classifier, %s', (kind) => {
  it('gives PyTorch’s loss and gradients', () => {
    const options = { kind, weight: 1, classWeights: golden.weights };
    const { loss, gradients } = segmentClassLoss(logits, golden.segments, CLASSES, options);
    expect(loss).toBeCloseTo(golden[kind].loss, 5);
    const wanted = unpack(golden[kind].gradients);
    const peak = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    gradients.forEach((own, item) =>
      expectWithin(own, wanted.subarray(item * own.length, (item + 1) * own.length), 1e-5 * peak, `${item}`),
    );
  });

  it('scores segments between 0 and 1, and several labels need not share them', () => {
    const scores = segmentClassScores(Float32Array.of(3, 3, -3, 3, 3, -3), 3, kind)(0, 2);
    expect(scores[2]).toBeLessThan(0.05);
    if (kind === 'softmax') expect(scores.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    else expect(Math.min(scores[0]!, scores[1]!)).toBeGreaterThan(0.95);
  });
});
