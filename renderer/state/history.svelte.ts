/**
 * Undo and redo: the service walks the project's history; what changed comes back as news.
 */
import { invoke } from '../api/studio.ts';
import { rereadDocument } from './document.svelte.ts';
import { notifyError } from './notices.svelte.ts';

/** Takes the last edit back. */
export async function undo(): Promise<void> {
  try {
    await invoke('history.undo', {});
    await rereadDocument();
  } catch (error) {
    notifyError(error);
  }
}

/** Does again what was taken back. */
export async function redo(): Promise<void> {
  try {
    await invoke('history.redo', {});
    await rereadDocument();
  } catch (error) {
    notifyError(error);
  }
}
