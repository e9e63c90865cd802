/**
 * Compute engines as the studio shows them: which run here, which one is chosen, and the job that installs another.
 */
import { randomUUID } from 'node:crypto';
import type { EngineName } from '#core/compute/engine';
import { StudioError } from '#core/contract/errors';
import type { Publish } from '#core/contract/events';
import type { EngineInfo } from '#core/contract/info';
import type { LightWork } from '#service/jobs/runners';
import { installEngine, listEngines, markFailed } from '#service/engines/index';
import { startWorker, type WorkerOptions } from '#service/jobs/workerProcess';
import type { EngineCalls } from './machine.ts';
import type { Preferences } from './settings.ts';

type WorkerPlace = Pick<WorkerOptions, 'file' | 'cancelDeadlineMs'>;

/** The engines with the person's choice marked. */
export function createEngineCalls(preferences: Preferences, worker: WorkerPlace): EngineCalls {
  const chosen = (infos: readonly EngineInfo[]): readonly EngineInfo[] => {
    const wanted = preferences.settings().engine;
    if (wanted === 'auto') return infos;
    return infos.map((info) => ({ ...info, chosen: info.name === wanted }));
  };
  return {
    list: async () => chosen(await listEngines()),
    test: (name) => testInWorker(name, worker),
  };
}

/**
 * Tests an engine in a process of its own: kernels hold their thread for seconds, keep what they took of memory, and a driver may take its process with it.
 * @throws StudioError `cancelled`
 */
async function testInWorker(
  name: EngineName,
  worker: WorkerPlace,
  signal?: AbortSignal,
): Promise<EngineInfo> {
  const job = { kind: 'engine-test', jobId: randomUUID(), engine: name } as const;
  const running = startWorker(job, { ...worker, onNews: () => undefined });
  signal?.addEventListener('abort', () => running.cancel(), { once: true });
  const outcome = await running.outcome;
  if (outcome.type === 'failed') {
    const { message, detail } = outcome.error;
    const { signal: ending } = detail;
    return markFailed(name, typeof ending === 'string' ? `its process ended with ${ending}` : message);
  }
  if (outcome.type === 'cancelled' || outcome.result?.kind !== 'engine-test')
    throw new StudioError('cancelled', 'The job was cancelled.');
  return outcome.result.engine;
}

/** The work of an `engine-install` job: the installation, its self-test, and those of the engines that it is compared with from now on. */
export function installWork(publish: Publish, worker: WorkerPlace): LightWork {
  return async (request, progress, signal) => {
    const { name, gpu } = request as { readonly name: 'tensorflow'; readonly gpu: boolean };
    try {
      await installEngine(name, { gpu, signal, progress });
      const [step, text, unit] = ['install', 'Self-test of the engine', '%'];
      progress({ fraction: 0.97, step, text, done: 97, total: 100, unit, secondsLeft: null });
      const tested = await testInWorker(name, worker, signal);
      if (!tested.available) {
        throw new StudioError('engine-unavailable', tested.reason ?? tested.title, { name });
      }
      for (const other of await listEngines())
        if (other.available && other.selfTest === 'not-run' && other.name !== 'tfjs')
          await testInWorker(other.name, worker, signal);
    } finally {
      publish('engines.changed', {});
    }
  };
}
