import { describe, expect, it } from 'vitest';
import { evaluateProposals } from '#core/eval/averageRecall';
import { mean } from '#core/eval/averagePrecision';
import { createDrawTable, mapOfDraw } from '#core/eval/bootstrap';
import { ACTIVITYNET_EDGES, THUMOS_EDGES } from '#core/eval/characteristics';
import { diagnoseDetections, PREDICTION_KINDS } from '#core/eval/diagnosis';
import { collectEvaluationSet, matchDetections } from '#core/eval/matching';
import { tiouKey, tiousOf } from '#core/eval/protocol';
import { golden, groundTruth, predictions } from './golden.ts';

/** Compares numbers in nested objects to 1e-9. */
function expectClose(actual: unknown, expected: unknown, path = ''): void {
  if (typeof expected === 'number') {
    expect(actual, path).toBeTypeOf('number');
    expect(Math.abs((actual as number) - expected), `${path}: ${String(actual)} ≠ ${expected}`).toBeLessThan(
      1e-9,
    );
    return;
  }
  expect(Object.keys(actual as object).sort(), path).toEqual(Object.keys(expected as object).sort());
  for (const [key, value] of Object.entries(expected as object)) {
    expectClose((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}

describe.each([100, 3])('AR@AN with at most %i proposals a video', (maxAverageProposals) => {
  it('gives the reference to 1e-9', () => {
    const { averageRecall, proposalsPerVideo, arAt, auc } = evaluateProposals(groundTruth, predictions, {
      maxAverageProposals,
    });
    expectClose(
      { averageRecall, proposalsPerVideo, arAt, auc },
      golden.proposals[String(maxAverageProposals)],
    );
  });
});

describe.each([
  ['activitynet', tiousOf('activitynet'), ACTIVITYNET_EDGES],
  ['thumos14', [0.5], THUMOS_EDGES],
] as const)('DETAD, %s', (name, tious, edges) => {
  const reference = golden.diagnosis[name];
  const result = diagnoseDetections(groundTruth, predictions, {
    tious,
    durationsSec: new Map(Object.entries(golden.durations)),
    edges,
  });

  it('gives the ten rows of the profile', () => {
    const profile = tious.map((tiou) =>
      result.profile[tiouKey(tiou)]!.map((row) => PREDICTION_KINDS.map((kind) => row[kind])),
    );
    expectClose(profile, reference.profile);
  });

  it('gives average mAP_N and what removing each kind gains', () => {
    expectClose(result.averageMapN, reference.averageMapN);
    expectClose(result.gain, reference.gain);
  });

  it('gives sensitivity and missed ground truth by characteristic', () => {
    expectClose(result.sensitivity, reference.sensitivity);
    expectClose(result.missed, reference.missed);
  });
});

describe('bootstrap', () => {
  it('gives for each draw the mAP of the drawn videos written out', () => {
    let id = 0;
    const distinct = Object.fromEntries(
      Object.entries(predictions).map(([video, segments]) => [
        video,
        segments.map((segment) => ({ ...segment, score: segment.score + id++ * golden.bootstrap.tieStep })),
      ]),
    );
    const tious = tiousOf('activitynet');
    const set = collectEvaluationSet(groundTruth, distinct);
    const table = createDrawTable(set, matchDetections(set, tious), tious);
    golden.bootstrap.draws.forEach((draw, index) => {
      const weights = new Float64Array(set.videos.length);
      for (const video of draw) weights[set.videos.indexOf(video)]! += 1;
      const values = Object.values(mapOfDraw(table, weights));
      expectClose(mean(values), golden.bootstrap.averageMap[index]);
    });
  });
});
