import { describe, expect, it } from 'vitest';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiouKey, tiousOf } from '#core/eval/protocol';
import { golden, groundTruth, predictions } from './golden.ts';

describe.each(['activitynet', 'thumos14', 'epic'] as const)('mAP, protocol %s', (protocol) => {
  const reference = golden[protocol];
  const result = evaluateDetections(groundTruth, predictions, tiousOf(protocol));

  it('uses the thresholds of numpy.linspace to the last bit', () => {
    expect(result.tiou).toEqual(reference.tiou);
  });

  it('gives the mAP of the reference to 1e-9', () => {
    expect(result.averageMap).toBeCloseTo(reference.averageMap, 9);
    reference.tiou.forEach((tiou, index) => {
      expect(result.map[tiouKey(tiou)]).toBeCloseTo(reference.map[index]!, 9);
    });
  });

  it('gives the AP of each class to 1e-9, also of a class without predictions', () => {
    expect(Object.keys(result.ap).sort()).toEqual(Object.keys(reference.ap).sort());
    for (const [label, values] of Object.entries(reference.ap)) {
      reference.tiou.forEach((tiou, index) => {
        expect(result.ap[label]?.[tiouKey(tiou)]).toBeCloseTo(values[index]!, 9);
      });
    }
  });
});
