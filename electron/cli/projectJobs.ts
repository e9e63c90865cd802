/**
 * Jobs of a project without a window: the same queue, worker processes and records as in the studio, followed until one ends.
 */
import { fileURLToPath } from 'node:url';
import type { JobInfo } from '#core/contract/info';
import { fromErrorInfo, StudioError } from '#core/contract/errors';
import type { EventMap, EventName } from '#core/contract/events';
import type { EngineName } from '#core/compute/engine';
import type { TrainConfig } from '#core/train/config';
import type { WorkRates } from '#core/train/job';
import { listEngines } from '#service/engines/index';
import { openPreferences } from '#service/handlers/settings';
import { createCalibrator, knownRates } from '#service/jobs/calibration';
import { createWakeLock } from '#service/process/awake';
import { defaultDataDir } from '#service/process/environment';
import { createJobManager, type JobManager } from '#service/jobs/manager';
import { createRunners } from '#service/jobs/runners';
import type { NewJob } from '#service/store/jobs';
import { openProject, type Store } from '#service/store/store';
import { progressLine } from './bar.ts';
import type { CliContext } from './context.ts';

const ENDED: readonly JobInfo['state'][] = ['done', 'failed', 'cancelled', 'interrupted'];
const CANCEL_DEADLINE_MS = 15_000;

/** An open project whose jobs can run. */
export interface ProjectSession {
  readonly store: Store;
  readonly jobs: JobManager;
  /** What this machine does with a configuration: as it was measured before, or in some seconds now. */
  readonly ratesOf: (config: TrainConfig, engine: EngineName | 'auto') => Promise<WorkRates | null>;
  /** Follows a job until it ends. @throws StudioError of a failure, `cancelled` when interrupted: the job can be resumed then */
  readonly follow: (id: string) => Promise<JobInfo>;
  readonly run: (job: NewJob) => Promise<JobInfo>;
}

/** In a checkout the worker is a source file, in a packed program a bundle. */
function workerFile(): string {
  const source = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(source ? '../worker/index.ts' : '../worker/index.mjs', import.meta.url));
}

/** Opens a project for writing and calls `use`; running jobs are sent to rest and the project is closed whatever happens. */
export async function withProject<T>(
  dir: string,
  context: Pick<CliContext, 'progress' | 'signal' | 'log'>,
  use: (session: ProjectSession) => Promise<T>,
): Promise<T> {
  const store = openProject(dir);
  const preferences = openPreferences(defaultDataDir());
  const wakeLock = createWakeLock();
  let jobs: JobManager | null = null;
  try {
    store.mustWrite();
    const waiting = new Map<string, (job: JobInfo) => void>();
    const publish = <K extends EventName>(name: K, payload: EventMap[K]): void => {
      if (name === 'job.progress') {
        const { progress } = payload as EventMap['job.progress'];
        context.progress(progressLine(progress.fraction, progress.text, progress.secondsLeft));
      } else if (name === 'job.log') {
        context.log((payload as EventMap['job.log']).text);
      } else if (name === 'job.changed') {
        const { job } = payload as EventMap['job.changed'];
        if (ENDED.includes(job.state)) waiting.get(job.id)?.(job);
      }
    };
    const manager = createJobManager(
      store,
      publish,
      createRunners({
        store,
        publish,
        preferences,
        workerFile: workerFile(),
        cancelDeadlineMs: CANCEL_DEADLINE_MS,
        light: {},
      }),
      (busy) => wakeLock.set(busy),
    );
    jobs = manager;
    const calibrator = createCalibrator(preferences, workerFile(), CANCEL_DEADLINE_MS, () => false);
    context.signal.addEventListener('abort', () => calibrator.stop(), { once: true });
    const ratesOf = async (config: TrainConfig, engine: EngineName | 'auto'): Promise<WorkRates | null> => {
      const name =
        engine === 'auto' ? ((await listEngines()).find((each) => each.chosen)?.name ?? 'onnx') : engine;
      await calibrator.measure(store, config, name, () => context.log('Measuring this machine…'));
      return knownRates(store, preferences, name)(config);
    };
    const follow = async (id: string): Promise<JobInfo> => {
      const ended = await new Promise<JobInfo>((resolve, reject) => {
        const now = manager.get(id);
        if (ENDED.includes(now.state)) {
          resolve(now);
          return;
        }
        waiting.set(id, resolve);
        context.signal.addEventListener(
          'abort',
          () => {
            const cancelled = new StudioError(
              'cancelled',
              `Interrupted. Go on with: train ${dir} --resume ${id}`,
            );
            manager.close().then(() => reject(cancelled), reject);
          },
          { once: true },
        );
        if (context.signal.aborted) reject(new StudioError('cancelled', 'Interrupted.'));
      });
      if (ended.state === 'done') return ended;
      throw ended.error === null
        ? new StudioError('cancelled', `${ended.title} was cancelled.`)
        : fromErrorInfo(ended.error);
    };
    return await use({ store, jobs: manager, ratesOf, follow, run: (job) => follow(manager.add(job).id) });
  } finally {
    await jobs?.close();
    await store.backups.settled();
    store.close();
  }
}
