/**
 * Compute engines as the studio shows them: which run here, which one is chosen, and the job that installs another.
 */
import type { Publish } from '#core/contract/events';
import type { EngineInfo } from '#core/contract/info';
import type { LightWork } from '#service/jobs/runners';
import { installEngine, listEngines, testEngine } from '#service/engines/index';
import type { EngineCalls } from './machine.ts';
import type { Preferences } from './settings.ts';

/** The engines with the person's choice marked. */
export function createEngineCalls(preferences: Preferences): EngineCalls {
  const chosen = (infos: readonly EngineInfo[]): readonly EngineInfo[] => {
    const wanted = preferences.settings().engine;
    if (wanted === 'auto') return infos;
    return infos.map((info) => ({ ...info, chosen: info.name === wanted }));
  };
  return {
    list: async () => chosen(await listEngines()),
    test: testEngine,
  };
}

/** The work of an `engine-install` job. */
export function installWork(publish: Publish): LightWork {
  return async (request, progress, signal) => {
    const { name, gpu } = request as { readonly name: 'tensorflow'; readonly gpu: boolean };
    await installEngine(name, { gpu, signal, progress });
    publish('engines.changed', {});
  };
}
