/**
 * Calibrations: how fast this machine trains with an encoder, a head and a fidelity, measured once in some seconds and kept.
 *
 * A calibration is no job: it is started when a training is looked at, gives way to jobs, and what fails is not tried again.
 */
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { EngineName } from '#core/compute/engine';
import { toErrorInfo } from '#core/contract/errors';
import type { TrainConfig } from '#core/train/config';
import type { CalibrateJob, WorkRates } from '#core/train/job';
import type { Store } from '#service/store/store';
import type { KnownRates } from './preflight.ts';
import { jobVideo } from './snapshot.ts';
import { startWorker, type RunningJob } from './workerProcess.ts';

/** Where rates are kept. */
export interface RateKeeper {
  rates(): Readonly<Record<string, WorkRates>>;
  keepRates(key: string, measured: WorkRates): void;
}

/** Measures, at most one calibration at a time. */
export interface Calibrator {
  /**
   * Measures a configuration on the project's first training video unless it is known. Resolves when it is known, or cannot be.
   * @param onStart called when a calibration really starts or is running already
   */
  measure(store: Store, config: TrainConfig, engine: EngineName, onStart?: () => void): Promise<void>;
  /** Why the last calibration of a configuration failed, in words; null when it did not. */
  problem(store: Store, config: TrainConfig, engine: string): string | null;
  /** Ends a running calibration: the machine is wanted for something else. */
  stop(): void;
}

/** The encoder that a configuration goes back to: a fine-tuned one is as fast as the one that it was made from. */
function rootEncoder(store: Store, encoder: string): string {
  let name = encoder;
  for (let depth = 0; path.isAbsolute(name) && depth < 100; depth += 1) {
    const model = store.models.list().find((each) => store.models.folderOf(each.id) === name);
    if (model === undefined) break;
    name = model.config.encoder;
  }
  return name;
}

/** What a measurement holds for: another encoder, head or fidelity is another measurement. */
export function ratesKey(store: Store, config: TrainConfig, engine: string): string {
  const { sampling, lofi, head } = config;
  const { side, framesPerSnippet, snippets } = sampling;
  const encoder = [engine, rootEncoder(store, config.encoder), config.detector].join('/');
  return `${encoder}/${side}x${side}x${framesPerSnippet}/${snippets}x${head.batch}/${lofi.batchNorm}/${lofi.frozenPrefixes.join('+')}`;
}

/** Measured rates of an engine; where a fidelity was not measured, those of another one with the same encoder and head. */
export function knownRates(store: Store, keeper: RateKeeper, engine: string): KnownRates {
  const all = keeper.rates();
  return (config) => {
    const key = ratesKey(store, config, engine);
    const own = all[key];
    if (own !== undefined) return own;
    const start = `${key.split('/').slice(0, -4).join('/')}/`;
    return Object.entries(all).find(([name]) => name.startsWith(start))?.[1] ?? null;
  };
}

/** A calibrator that starts the worker `file`. */
export function createCalibrator(
  keeper: RateKeeper,
  file: string,
  cancelDeadlineMs: number,
  isBusy: () => boolean,
): Calibrator {
  const problems = new Map<string, string>();
  let current: { readonly key: string; readonly worker: RunningJob; readonly ended: Promise<void> } | null =
    null;

  const start = (store: Store, config: TrainConfig, engine: EngineName, key: string): Promise<void> => {
    const [video] = store.videos.all().filter((each) => each.subset === 'training');
    if (video === undefined) return Promise.resolve();
    const job: CalibrateJob = {
      kind: 'calibrate',
      jobId: randomUUID(),
      config,
      classCount: Math.max(1, store.document.labels().length),
      video: jobVideo(store, video),
      folders: { cache: store.layout.cache, output: store.layout.cache },
      engine,
    };
    const worker = startWorker(job, { file, cancelDeadlineMs, onNews: () => undefined });
    const ended = worker.outcome.then((outcome) => {
      current = null;
      if (outcome.type === 'failed') problems.set(key, outcome.error.message);
      if (outcome.type !== 'done' || outcome.result?.kind !== 'calibrate') return;
      try {
        keeper.keepRates(key, outcome.result.rates);
      } catch (error) {
        problems.set(key, toErrorInfo(error).message);
      }
    });
    current = { key, worker, ended };
    return ended;
  };

  return {
    measure: async (store, config, engine, onStart) => {
      const key = ratesKey(store, config, engine);
      if (keeper.rates()[key] !== undefined || problems.has(key) || store.readOnlyReason !== null) return;
      if (isBusy()) return;
      if (current?.key === key) {
        onStart?.();
        await current.ended;
        return;
      }
      onStart?.();
      if (current !== null) {
        current.worker.cancel();
        await current.ended;
      }
      // Something else may have begun meanwhile.
      if (!isBusy()) await (current?.ended ?? start(store, config, engine, key));
    },
    problem: (store, config, engine) => problems.get(ratesKey(store, config, engine)) ?? null,
    stop: () => current?.worker.cancel(),
  };
}
