import { describe, expect, it } from 'vitest';
import { detectorConfigFor, isMultiLabel } from './detectorFor.ts';

const video = (...segments: readonly (readonly [number, number, string])[]) => ({
  segments: segments.map(([startSec, endSec, label]) => ({ startSec, endSec, label })),
});

describe('several labels on one stretch', () => {
  it('are seen where two labels mark about the same time', () => {
    expect(isMultiLabel([video([0, 4, 'a'], [0.2, 4.1, 'b'])])).toBe(true);
    expect(isMultiLabel([video([0, 4, 'a'], [0.2, 4.1, 'a'], [5, 6, 'b'])])).toBe(false);
    expect(isMultiLabel([video([0, 4, 'a'], [3, 9, 'b'])])).toBe(false);
    expect(isMultiLabel([video([0, 4, 'a']), video([0, 4, 'b'])])).toBe(false);
  });

  it('make G-TAD’s proposal classifier judge each label by itself; other heads do anyway', () => {
    expect(detectorConfigFor('g-tad', 8, 3)).toMatchObject({
      classifier: { kind: 'softmax', topClasses: 2 },
    });
    expect(detectorConfigFor('g-tad', 8, 3, true)).toMatchObject({
      classifier: { kind: 'sigmoid', topClasses: 5 },
    });
    expect(detectorConfigFor('tridet', 8, 3, true)).toEqual(detectorConfigFor('tridet', 8, 3));
  });
});
