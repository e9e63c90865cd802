/** Times of repeated runs as benchmarks print them, and where they were measured. */
import { cpus, totalmem } from 'node:os';
import { quantile } from '#core/eval/bootstrap';

/** Repeated times, in milliseconds. */
export interface Spread {
  readonly medianMs: number;
  readonly shortestMs: number;
  readonly lowerQuartileMs: number;
  readonly upperQuartileMs: number;
  readonly longestMs: number;
  readonly runs: number;
}

/** The spread of some times. @param times at least one */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Number(quantile(sorted, share).toFixed(2));
  return {
    medianMs: at(0.5),
    shortestMs: at(0),
    lowerQuartileMs: at(0.25),
    upperQuartileMs: at(0.75),
    longestMs: at(1),
    runs: times.length,
  };
}

/** How many times as long one took as the other. */
export function ratioOf(one: Spread, other: Spread): { readonly median: number; readonly shortest: number } {
  return {
    median: Number((one.medianMs / other.medianMs).toFixed(3)),
    shortest: Number((one.shortestMs / other.shortestMs).toFixed(3)),
  };
}

/** The machine that a benchmark ran on. */
export function machine(): Readonly<Record<string, string | number>> {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
