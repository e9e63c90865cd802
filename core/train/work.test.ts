/** How long a training takes: from rates to seconds, and from what stages took back to rates. */
import { expect, it } from 'vitest';
import { constantTiming } from '#core/data/snippets';
import { DEMO_CONFIG } from './defaults.ts';
import { learnedRates, secondsOf, trainingWork } from './work.ts';

const videos = (['training', 'training', 'validation', 'testing'] as const).map((subset, index) => ({
  id: `v${index}`,
  path: '',
  contentHash: '',
  framePixels: 320 * 240,
  subset,
  segments: [],
  timing: constantTiming(600, 20),
}));
const RATES = { decode: 50_000, features: 4000, tune: 900, head: 12 };

it('sums to the seconds of its parts, and testing videos cost nothing', () => {
  const work = trainingWork(DEMO_CONFIG, videos);
  const decode = work.find((step) => step.name === 'decode')!;
  expect(decode.amount).toBeCloseTo((3 * 600 * 320 * 240) / 1000);
  const sum = work.reduce((seconds, { kind, amount }) => seconds + amount / RATES[kind], 0);
  expect(secondsOf(DEMO_CONFIG, videos, RATES)).toBeCloseTo(sum);
  expect(secondsOf(DEMO_CONFIG, videos, { ...RATES, tune: RATES.tune / 2 })).toBeGreaterThan(sum);
});

it('learns from the stages of a training what they took, and nothing from what the cache may have given', () => {
  const work = trainingWork(DEMO_CONFIG, videos);
  const truth = { decode: 1, features: 1, tune: 450, head: 30 };
  const seconds = (...names: string[]): number =>
    work.reduce((sum, { name, kind, amount }) => sum + (names.includes(name) ? amount / truth[kind] : 0), 0);
  const stages = [
    { name: 'decode', seconds: 0.01, peakBytes: 1 },
    { name: 'stage3-frozen', seconds: seconds('stage3-frozen'), peakBytes: 1 },
    { name: 'stage2', seconds: seconds('warmup', 'stage2'), peakBytes: 1 },
    { name: 'stage3-lofi', seconds: seconds('stage3-lofi'), peakBytes: 1 },
  ];
  const learned = learnedRates(RATES, work, stages);
  expect(learned.tune).toBeCloseTo(450);
  expect(learned.head).toBeCloseTo(30);
  expect([learned.decode, learned.features]).toEqual([RATES.decode, RATES.features]);
  expect(learnedRates(RATES, work, [])).toEqual(RATES);
});
