/**
 * The compute engines: what other parts open, list, test and install. Nothing is loaded or probed before the first call.
 */
import type { ComputeEngine, EngineName } from '#core/compute/engine';
import { chooseEngine } from './choose.ts';
import { openNamedEngine } from './open.ts';

export { listEngines, markFailed, testEngine } from './choose.ts';
export { installEngine } from './tensorflow/install.ts';

/**
 * Opens an engine; `auto` takes the fastest that is right on this machine.
 * @throws StudioError `engine-unavailable` with words about what would make it available
 */
export async function openEngine(name: EngineName | 'auto'): Promise<ComputeEngine> {
  return openNamedEngine(name === 'auto' ? await chooseEngine() : name);
}
