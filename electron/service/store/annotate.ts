/**
 * Edits of a stored document: planned by `core/annotation`, written with the history in one transaction.
 */
import { planEdit, type EditContext } from '#core/annotation/edits';
import { composePatches, EMPTY_PATCH } from '#core/annotation/patch';
import type { Edit } from '#core/contract/edit';
import type { EditResult } from '#core/contract/info';
import { LABEL_COLOURS } from '#core/annotation/colours';
import type { Store } from './store.ts';

/** Who edits; the time is now. */
export type Editor = Pick<EditContext, 'annotator' | 'source'>;

/**
 * Applies one edit as one step of the history. An edit that was applied before changes nothing and has no entry.
 *
 * @throws StudioError `not-found`, `bad-input`, `conflict`, `read-only`
 */
export function applyEdit(store: Store, edit: Edit, editor: Editor): EditResult {
  store.mustWrite();
  return store.transaction(() => {
    const planned = planEdit(store.document, edit, { ...editor, at: new Date().toISOString() });
    return store.history.commit({ ...planned, annotator: editor.annotator });
  });
}

/**
 * Applies several edits as one step: all or none. Each sees what the ones before it changed.
 *
 * @param text name of the step
 */
export function applyEdits(store: Store, edits: readonly Edit[], editor: Editor, text: string): EditResult {
  store.mustWrite();
  return store.transaction(() => {
    const at = new Date().toISOString();
    let whole = EMPTY_PATCH;
    for (const edit of edits) {
      const { patch } = planEdit(store.document, edit, { ...editor, at });
      store.document.writePatch(patch);
      whole = composePatches(whole, patch);
    }
    return store.history.commit({ patch: whole, text, annotator: editor.annotator });
  });
}

/** Colour of the next new label. */
export function nextColour(index: number): string {
  return LABEL_COLOURS[index % LABEL_COLOURS.length] ?? '#888888';
}
