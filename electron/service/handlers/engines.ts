/**
 * Compute engines as the studio shows them: which run here, which one is chosen, and the job that installs another.
 */
import type { Publish } from '#core/contract/events';
import type { EngineName } from '#core/compute/engine';
import type { EngineInfo } from '#core/contract/info';
import type { LightWork } from '#service/jobs/runners';
import type { JobProgress } from '#core/train/job';
import * as engineModule from '#service/engines/index';
import type { EngineCalls } from './machine.ts';
import type { Preferences } from './settings.ts';

const engines = engineModule as unknown as {
  listEngines?: () => Promise<readonly EngineInfo[]>;
  testEngine?: (name: EngineName) => Promise<EngineInfo>;
  installEngine?: (
    name: 'tensorflow',
    options: { gpu: boolean; signal: AbortSignal; progress: (progress: JobProgress) => void },
  ) => Promise<void>;
};

/** The engines with the person's choice marked. */
export function createEngineCalls(preferences: Preferences): EngineCalls {
  const chosen = (infos: readonly EngineInfo[]): readonly EngineInfo[] => {
    const wanted = preferences.settings().engine;
    if (wanted === 'auto') return infos;
    return infos.map((info) => ({ ...info, chosen: info.name === wanted }));
  };
  return {
    list: async () => chosen((await engines.listEngines?.()) ?? []),
    test: async (name) => {
      const info = await engines.testEngine?.(name);
      if (info === undefined) throw new Error(name);
      return info;
    },
  };
}

/** The work of an `engine-install` job. */
export function installWork(publish: Publish): LightWork {
  return async (request, progress, signal) => {
    const { name, gpu } = request as { name: 'tensorflow'; gpu: boolean };
    await engines.installEngine?.(name, { gpu, signal, progress });
    publish('engines.changed', {});
  };
}
