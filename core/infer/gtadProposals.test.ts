/** The THUMOS branch's windows and its rule for long proposals, by hand. */
import { describe, expect, it } from 'vitest';
import { suppressProposals, thumosWindows, withoutLong } from './gtadProposals.ts';

describe('windows of the THUMOS branch', () => {
  it.each([
    [100, [[0, 100]]],
    [256, [[0, 256]]],
    // 51 snippets of tail are left out, 52 get a window.
    [307, [[0, 256]]],
    [
      308,
      [
        [0, 256],
        [52, 256],
      ],
    ],
    [
      384,
      [
        [0, 256],
        [128, 256],
      ],
    ],
    [
      435,
      [
        [0, 256],
        [128, 256],
      ],
    ],
    [
      436,
      [
        [0, 256],
        [128, 256],
        [180, 256],
      ],
    ],
  ] as const)('of %i snippets', (length, expected) => {
    expect(thumosWindows(length, 256).map(({ start, count }) => [start, count])).toEqual(expected);
  });
});

it('proposals of 60 steps or more get no score, yet keep the loop of the original going', () => {
  const proposals = [
    { start: 0, end: 60, score: 0.9 },
    { start: 10, end: 20, score: 0.5 },
    { start: 100, end: 159, score: 0.4 },
  ];
  const options = { sigma: 0.46, keep: 200, originalStop: true };
  expect(suppressProposals(withoutLong(proposals, 60), options)).toEqual([proposals[1], proposals[2]]);
  expect(suppressProposals(withoutLong(proposals, null), options).map(({ end }) => end)).toEqual([60, 20]);
});
