/**
 * The page's table of actions on its way into native menus: checked, because it comes from the page, and its chords written as Electron writes them.
 */
import type { MenuActionInfo } from '#core/contract/studio';

const SCOPES: ReadonlySet<unknown> = new Set(['global', 'player', 'annotate', 'review', 'library']);
const MOST_ACTIONS = 300;
const LONGEST_TEXT = 100;

const isShortText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST_TEXT;

function isAction(value: unknown): value is MenuActionInfo {
  if (typeof value !== 'object' || value === null) return false;
  const { id, title, scope, chord } = value as Readonly<Record<string, unknown>>;
  return (
    isShortText(id) &&
    /^[\w.]+$/.test(id) &&
    isShortText(title) &&
    title !== '' &&
    SCOPES.has(scope) &&
    isShortText(chord)
  );
}

/** What the page sent, if it is such a table. @returns null for anything else */
export function readMenuActions(value: unknown): readonly MenuActionInfo[] | null {
  return Array.isArray(value) && value.length <= MOST_ACTIONS && value.every(isAction) ? value : null;
}

const KEYS: Readonly<Record<string, string>> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Escape: 'Esc',
  Enter: 'Return',
  '+': 'Plus',
};
const KNOWN_KEY =
  /^([A-Z0-9]|F\d{1,2}|Left|Right|Up|Down|Home|End|PageUp|PageDown|Esc|Return|Tab|Space|Backspace|Delete|Plus|[-=,./;'[\]\\`?{}_])$/;

/** A chord as an Electron accelerator; null for keys that Electron has no name for. */
export function acceleratorOf(chord: string): string | null {
  const key = chord.endsWith('+') ? '+' : chord.slice(chord.lastIndexOf('+') + 1);
  const modifiers = chord
    .slice(0, chord.length - key.length)
    .split('+')
    .filter((name) => name !== '')
    .map((name) => (name === 'Ctrl' ? 'CmdOrCtrl' : name));
  const named = KEYS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  return KNOWN_KEY.test(named) ? [...modifiers, named].join('+') : null;
}
