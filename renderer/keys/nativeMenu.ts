/**
 * The table of actions as the desktop program's native menus take it: titles in the person's language, chords of the person's own key table.
 */
import type { MenuActionInfo } from '#core/contract/studio';
import { t } from '../i18n/i18n.svelte.ts';
import { ACTIONS } from './actions.ts';
import { keyboard } from './dispatcher.svelte.ts';

/** Actions whose names depend on the project's labels: they are keys, not commands. */
const LABEL_ACTIONS = /^(re)?label\.\d+$/;

/** What native menus show now. */
export function menuActions(): readonly MenuActionInfo[] {
  return ACTIONS.filter(({ id }) => !LABEL_ACTIONS.test(id)).map(({ id, title, scope }) => ({
    id,
    title: t(title),
    scope,
    chord: keyboard.keymap.chordsOf.get(id)?.[0] ?? '',
  }));
}
