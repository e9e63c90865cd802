/**
 * Boxes that any screen may open: choosing files (the system's dialog on the desktop, the studio's own in the browser), the
 * palette and the shortcut sheet.
 */
import { invoke, shell } from '../api/studio.ts';

/** What is chosen. `folder` chooses folders only. */
export type ChooseKind = 'video' | 'folder' | 'project' | 'annotation';

interface Choosing {
  readonly kind: ChooseKind;
  readonly done: (paths: readonly string[]) => void;
}

interface Replacing {
  readonly name: string;
  readonly done: (replace: boolean) => void;
}

class DialogsState {
  choosing = $state.raw<Choosing | null>(null);
  replacing = $state.raw<Replacing | null>(null);
  palette = $state(false);
  shortcuts = $state(false);
}

/** Which boxes are open. */
export const dialogs = new DialogsState();

/** Lets the person choose where to save. @returns a path; null when cancelled, or when a file there is to stay */
export async function chooseSavePath(name: string): Promise<string | null> {
  const native = shell().saveDialog;
  if (native !== undefined) {
    return native(name);
  }
  const [folder] = await choosePaths('folder');
  if (folder === undefined) {
    return null;
  }
  const file = name.replace(/[\\/:*?"<>|]/g, '-');
  const { entries } = await invoke('files.browse', { dir: folder, kind: 'any' });
  const isTaken = entries.some((entry) => entry.name === file);
  return !isTaken || (await confirmReplace(file)) ? `${folder}/${file}` : null;
}

function confirmReplace(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    dialogs.replacing = {
      name,
      done: (replace) => {
        dialogs.replacing = null;
        resolve(replace);
      },
    };
  });
}

/** Lets the person choose files or folders. @returns paths; empty when cancelled */
export function choosePaths(kind: ChooseKind): Promise<readonly string[]> {
  const native = shell().openDialog;
  if (native !== undefined) {
    return native(kind);
  }
  return new Promise((resolve) => {
    dialogs.choosing = {
      kind,
      done: (paths) => {
        dialogs.choosing = null;
        resolve(paths);
      },
    };
  });
}
