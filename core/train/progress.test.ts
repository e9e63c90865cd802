/** The bar of a job: absolute, never backwards, at most ten reports a second, pauses not counted. */
import { expect, it } from 'vitest';
import type { JobProgress } from './job.ts';
import { createProgressBar } from './progress.ts';

function run(inSeconds = false): {
  at: (ms: number) => void;
  bar: ReturnType<typeof createProgressBar>;
  reports: JobProgress[];
} {
  let time = 0;
  const reports: JobProgress[] = [];
  const steps = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 3 },
  ];
  const bar = createProgressBar(
    steps,
    (progress) => reports.push(progress),
    () => time,
    inSeconds,
  );
  return { at: (ms) => (time = ms), bar, reports };
}

it('weighs steps and estimates the time left from its own pace', () => {
  const { at, bar, reports } = run();
  bar.update('a', 'A', 0, 10, 'x');
  at(10_000);
  bar.update('a', 'A', 10, 10, 'x');
  at(25_000);
  bar.update('b', 'B', 1, 2, 'x');
  expect(reports.map((report) => report.fraction)).toEqual([0, 0.25, 0.625]);
  expect(reports[1]!.secondsLeft).toBeCloseTo(30);
  expect(reports[2]!.secondsLeft).toBeCloseTo(15);
});

it('reports at most ten times a second', () => {
  const { at, bar, reports } = run();
  for (let ms = 0; ms < 1000; ms += 5) {
    at(ms);
    bar.update(ms < 500 ? 'a' : 'b', 'text', ms % 500, 500, 'x');
  }
  expect(reports.length).toBeLessThanOrEqual(10);
  expect(reports.length).toBeGreaterThan(8);
});

it('never goes back, and leaves pauses out', () => {
  const { at, bar, reports } = run();
  bar.update('b', 'B', 0, 2, 'x');
  at(10_000);
  bar.update('b', 'B', 1, 2, 'x');
  at(11_000);
  bar.update('a', 'A', 0, 2, 'x');
  bar.exclude(5_000);
  at(12_000);
  bar.update('b', 'B', 1, 2, 'x');
  expect(reports.map((report) => report.fraction)).toEqual([0.25, 0.625, 0.625, 0.625]);
  expect(reports[3]!.secondsLeft).toBeCloseTo(7);
});

it('knows the time left at once where the weights are measured seconds, and comes to trust its own pace', () => {
  const { at, bar, reports } = run(true);
  bar.update('a', 'A', 0, 10, 'x');
  expect(reports[0]!.secondsLeft).toBe(4);
  // Ten times slower than measured: first a little of that is believed, later most.
  at(10_000);
  bar.update('a', 'A', 10, 10, 'x');
  const early = reports[1]!.secondsLeft! / 3;
  at(25_000);
  bar.update('b', 'B', 1, 2, 'x');
  const late = reports[2]!.secondsLeft! / 1.5;
  expect(early).toBeGreaterThan(1);
  expect(late).toBeGreaterThan(early);
  expect(late).toBeLessThan(10);
});
