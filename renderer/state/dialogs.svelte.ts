/**
 * Boxes that any screen may open: choosing files (the system's dialog on the desktop, the studio's own in the browser), the
 * palette and the shortcut sheet.
 */
import { shell } from '../api/studio.ts';

/** What is chosen. `folder` chooses folders only. */
export type ChooseKind = 'video' | 'folder' | 'project' | 'annotation';

interface Choosing {
  readonly kind: ChooseKind;
  readonly done: (paths: readonly string[]) => void;
}

class DialogsState {
  choosing = $state.raw<Choosing | null>(null);
  palette = $state(false);
  shortcuts = $state(false);
}

/** Which boxes are open. */
export const dialogs = new DialogsState();

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
