/**
 * Progress, pause, cancel and the moments for checkpoints of one running job.
 */
import { StudioError } from '#core/contract/errors';
import type { RunControl } from '#core/train/environment';
import type { StageFigures, WorkerMessage } from '#core/train/job';
import { createProgressBar } from '#core/train/progress';
import type { WeightedStep } from '#core/train/progress';
import type { StageMeter } from '#core/train/run';

/** How a job is watched and steered. */
export interface JobHandle {
  /** Aborted when the person cancels. */
  readonly signal: AbortSignal;
  report(message: WorkerMessage): void;
  /** Present where a job can pause: resolves when it may go on. */
  whilePaused?(): Promise<void> | null;
}

/** Control of a run, with its bar. */
export interface JobControl extends RunControl {
  /** Names the steps and their weights; before this, progress is not reported. `inSeconds`: the weights are measured seconds. */
  plan(steps: readonly WeightedStep[], inSeconds?: boolean): void;
}

const CHECKPOINT_EVERY_MS = 60_000;

/** Creates the control of a job. */
export function createControl(handle: JobHandle): JobControl {
  let bar: ReturnType<typeof createProgressBar> | null = null;
  let lastCheckpoint = performance.now();
  let lastMetric = -Infinity;
  const pauseNow = (): Promise<void> | null => handle.whilePaused?.() ?? null;
  const stopIfCancelled = (): void => {
    if (handle.signal.aborted) throw new StudioError('cancelled', 'The job was cancelled.');
  };
  return {
    plan: (steps, inSeconds) => {
      bar = createProgressBar(
        steps,
        (progress) => handle.report({ type: 'progress', progress }),
        () => performance.now(),
        inSeconds,
      );
    },
    breathe: async (save) => {
      // Lets messages in: cancel and pause arrive between batches.
      await new Promise((resolve) => setImmediate(resolve));
      const pause = pauseNow();
      const began = performance.now();
      const isDue = handle.signal.aborted || pause !== null || began - lastCheckpoint > CHECKPOINT_EVERY_MS;
      if (isDue && save !== undefined) {
        await save();
        lastCheckpoint = performance.now();
      }
      stopIfCancelled();
      if (pause === null) return;
      await pause;
      bar?.exclude(performance.now() - began);
      stopIfCancelled();
    },
    progress: (step, text, done, total, unit) => bar?.update(step, text, done, total, unit),
    metric: (metric) => {
      const now = performance.now();
      if (metric.name === 'loss' && now - lastMetric < 100) return;
      lastMetric = now;
      handle.report({ type: 'metric', metric });
    },
    preview: (preview) => handle.report({ type: 'preview', preview }),
    log: (level, text) => handle.report({ type: 'log', level, text }),
  };
}

const SAMPLE_EVERY_MS = 200;

/** Measures stages. Memory is the process's resident set, sampled. */
export function createMeter(): StageMeter {
  const list: StageFigures[] = [];
  return {
    measure: async (name, work) => {
      const began = performance.now();
      let peakBytes = process.memoryUsage.rss();
      const sample = (): void => {
        peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
      };
      const timer = setInterval(sample, SAMPLE_EVERY_MS);
      timer.unref();
      try {
        return await work();
      } finally {
        clearInterval(timer);
        sample();
        list.push({ name, seconds: (performance.now() - began) / 1000, peakBytes });
      }
    },
    figures: () => [...list],
  };
}
