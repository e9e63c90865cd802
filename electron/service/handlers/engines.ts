/**
 * Compute engines as the studio shows them: which run here, which one is chosen, and the job that installs another.
 */
import type { EngineInfo } from '#core/contract/info';
import type { LightWork } from '#service/jobs/runners';
import { StudioError } from '#core/contract/errors';
import { listEngines, testEngine } from '#service/engines/choose';
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

/** The work of an `engine-install` job. @throws StudioError `engine-unavailable`: there is no installer in this version */
export const installWork: LightWork = async () => {
  throw new StudioError(
    'engine-unavailable',
    'This version cannot install native TensorFlow by itself. The default engine needs no installation.',
  );
};
