/**
 * One honest bar for a whole job: steps weighted by their cost, at most ten reports a second, time left from what the job's own steps took.
 */
import type { JobProgress } from './job.ts';

/** One step of a job with the share of the work that it is expected to be (any unit). */
export interface WeightedStep {
  readonly name: string;
  readonly weight: number;
}

/** A running bar. */
export interface ProgressBar {
  /** Reports where a step is; steps that came before it count as done. */
  update(step: string, text: string, done: number, total: number, unit: string): void;
  /** Time that does not count (a pause), in milliseconds. */
  exclude(milliseconds: number): void;
}

const SHORTEST_GAP_MS = 100;

/** How many seconds of a job's own pace count as much as the estimate from before. */
const TRUST_SEC = 20;

/** Creates a bar. `now` gives milliseconds; `inSeconds`: the weights are seconds of this machine, so the time left is known at once. */
export function createProgressBar(
  steps: readonly WeightedStep[],
  report: (progress: JobProgress) => void,
  now: () => number,
  inSeconds = false,
): ProgressBar {
  const whole = steps.reduce((sum, step) => sum + step.weight, 0) || 1;
  let startMs: number | null = null;
  let startFraction = 0;
  let lastReport = -Infinity;
  let highest = 0;
  return {
    update: (step, text, done, total, unit) => {
      const time = now();
      const index = steps.findIndex((candidate) => candidate.name === step);
      const before = steps.slice(0, Math.max(0, index)).reduce((sum, candidate) => sum + candidate.weight, 0);
      const share = total > 0 ? done / total : 0;
      const own = index < 0 ? 0 : steps[index]!.weight;
      const fraction = Math.min(1, Math.max(highest, (before + share * own) / whole));
      highest = fraction;
      if (startMs === null) {
        startMs = time;
        startFraction = fraction;
      }
      if (time - lastReport < SHORTEST_GAP_MS) return;
      lastReport = time;
      const gained = fraction - startFraction;
      const elapsed = (time - startMs) / 1000;
      const isPaceKnown = gained > 0.005 && elapsed > 2;
      // Seconds of this machine that a planned second takes now.
      const pace = isPaceKnown ? elapsed / (gained * whole) : 1;
      const trust = isPaceKnown ? elapsed / (elapsed + TRUST_SEC) : 0;
      const factor = inSeconds ? trust * pace + (1 - trust) : pace;
      const secondsLeft = inSeconds || isPaceKnown ? (1 - fraction) * whole * factor : null;
      report({ fraction, step, text, done, total, unit, secondsLeft });
    },
    exclude: (milliseconds) => {
      if (startMs !== null) startMs += milliseconds;
    },
  };
}
