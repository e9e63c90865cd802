/**
 * Undo and redo: the service walks the project's history and answers with what that changed, which is shown as it comes.
 */
import type { HistoryResult } from '#core/contract/info';
import { invoke } from '../api/studio.ts';
import { followHistory } from './document.svelte.ts';
import { edited } from './edits.svelte.ts';
import { notifyError } from './notices.svelte.ts';

async function walk(step: () => Promise<HistoryResult>): Promise<void> {
  try {
    await edited();
    followHistory(await step());
  } catch (error) {
    notifyError(error);
  }
}

/** Takes the last edit back. */
export function undo(): Promise<void> {
  return walk(() => invoke('history.undo', {}));
}

/** Does again what was taken back. */
export function redo(): Promise<void> {
  return walk(() => invoke('history.redo', {}));
}
