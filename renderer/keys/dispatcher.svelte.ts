/**
 * From a key press to a running action: screens provide handlers while they are shown; the newest provider wins.
 *
 * Single keys never fire while somebody types, nor while a modal dialog or a menu is open.
 */
import { untrack } from 'svelte';
import { labels } from '../state/labels.svelte.ts';
import { studio } from '../state/studio.svelte.ts';
import { ACTIONS } from './actions.ts';
import { chordOf, isTypingChord, showChord } from './chords.ts';
import { buildKeymap } from './keymap.ts';

/** Handlers by action id. */
export type ActionHandlers = Readonly<Record<string, () => void>>;

class KeysState {
  readonly keymap = $derived(buildKeymap(studio.settings.keyProfile, studio.settings.keys));
  /** Keys that are held down, by `KeyboardEvent.code`. */
  readonly held = new Set<string>();
  providers = $state.raw<readonly ActionHandlers[]>([]);
  /** The action that was run last by a key. */
  lastAction: string | null = null;
}

/** The keyboard. */
export const keyboard = new KeysState();

const isMac = /mac/i.test(navigator.platform);

/** Makes actions available. @returns a function that takes them away again */
export function provideActions(handlers: ActionHandlers): () => void {
  // Called in effects, which must not run again because the list that they change has changed.
  untrack(() => (keyboard.providers = [...keyboard.providers, handlers]));
  return () => {
    keyboard.providers = untrack(() => keyboard.providers).filter((other) => other !== handlers);
  };
}

/** Runs an action if somebody provides it. @returns whether it ran */
export function runAction(id: string): boolean {
  const handler = handlerOf(id);
  handler?.();
  return handler !== undefined;
}

function handlerOf(id: string): (() => void) | undefined {
  for (let at = keyboard.providers.length - 1; at >= 0; at -= 1) {
    const handler = keyboard.providers[at]![id];
    if (handler !== undefined) {
      return handler;
    }
  }
  return undefined;
}

/** Whether an action can run now. */
export function canRun(id: string): boolean {
  return handlerOf(id) !== undefined;
}

/** Ids of all actions that can run now. */
export function runnable(): ReadonlySet<string> {
  return new Set(keyboard.providers.flatMap((handlers) => Object.keys(handlers)));
}

/** The first chord of an action as a person reads it; empty when it has none. */
export function keysOf(id: string): string {
  return showChord(keyboard.keymap.chordsOf.get(id)?.[0] ?? '', isMac);
}

/** All chords of an action as a person reads them. */
export function allKeysOf(id: string): readonly string[] {
  return (keyboard.keymap.chordsOf.get(id) ?? []).map((chord) => showChord(chord, isMac));
}

/** Whether an element takes text. */
function takesText(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) {
    return !['checkbox', 'radio', 'button', 'range', 'color'].includes(element.type);
  }
  return (
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLElement && element.isContentEditable)
  );
}

function labelAction(chord: string): string | undefined {
  const at = labels.list.findIndex((label) => label.key !== null && label.key.toLowerCase() === chord);
  return at < 0 ? undefined : `label.${at + 1}`;
}

/** Actions that a chord may start, in order of preference. */
function candidates(chord: string): readonly string[] {
  const fromTable = keyboard.keymap.actionsOf.get(chord) ?? [];
  const fromLabel = labelAction(chord);
  if (fromLabel === undefined) {
    return fromTable;
  }
  const relabel = fromLabel.replace('label.', 'relabel.');
  // A label's own key wins over the table's digits; letters win only where letters are labels (BORIS).
  const wins = studio.settings.keyProfile === 'boris' || fromTable.every((id) => /^(re)?label\./.test(id));
  return wins ? [fromLabel, relabel, ...fromTable] : [...fromTable, fromLabel, relabel];
}

/** Whether the present focus was reached by keyboard, which is when the ring is shown. */
let focusIsByKeyboard = false;

function handleFocus(event: FocusEvent): void {
  // What no pointer can reach keeps its keys, whatever moved the focus there.
  focusIsByKeyboard =
    event.target instanceof Element &&
    (event.target.matches(':focus-visible') || event.target.closest('[data-keeps-keys]') !== null);
}

const BUTTONS = 'button, a, summary, input[type=checkbox]';
const SLIDERS = 'input[type=range], [role=slider], [role=separator]';
const BUTTON_KEYS = ['Enter', 'Space', 'Tab', 'Shift+Tab'];
const SLIDER_KEYS = [
  ...BUTTON_KEYS,
  ...['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'],
];

/** Keys that a control keeps to itself while it has the focus. */
function ownKeys(control: Element): readonly string[] {
  return control.matches(SLIDERS) ? SLIDER_KEYS : BUTTON_KEYS;
}

function handleDown(event: KeyboardEvent): void {
  keyboard.held.add(event.code);
  if (event.defaultPrevented || event.isComposing) {
    return;
  }
  const chord = chordOf(event);
  if (chord === '') {
    return;
  }
  const active = document.activeElement;
  if (takesText(active) && isTypingChord(chord)) {
    return;
  }
  if (takesText(active) && /^Ctrl\+(a|c|v|x|z|y|ArrowLeft|ArrowRight|Shift\+z)$/.test(chord)) {
    return;
  }
  const inDialog = document.querySelector('dialog[open]') !== null;
  if (takesText(active) && !inDialog && chord === 'Escape' && active instanceof HTMLElement) {
    active.blur();
    event.preventDefault();
    return;
  }
  if (inDialog || active?.closest('[role=menu]') != null) {
    return;
  }
  const control = active?.closest(`${BUTTONS}, ${SLIDERS}`) ?? null;
  if (control !== null && (!focusIsByKeyboard || (chord === 'Escape' && control.matches(SLIDERS)))) {
    // A click leaves the focus where it was; the next key is meant for the screen, not for the button.
    (active as HTMLElement).blur();
  } else if (control !== null && ownKeys(control).includes(chord)) {
    return;
  }
  const focused = document.activeElement;
  if ((chord === 'Tab' || chord === 'Shift+Tab') && focused !== document.body) {
    return;
  }
  for (const id of candidates(chord)) {
    const handler = handlerOf(id);
    if (handler !== undefined) {
      event.preventDefault();
      keyboard.lastAction = id;
      handler();
      return;
    }
  }
}

/** Starts to listen. @returns a function that stops */
export function listenToKeys(): () => void {
  const up = (event: KeyboardEvent): void => {
    keyboard.held.delete(event.code);
  };
  const blur = (): void => keyboard.held.clear();
  window.addEventListener('keydown', handleDown);
  window.addEventListener('focusin', handleFocus);
  window.addEventListener('keyup', up);
  window.addEventListener('blur', blur);
  return () => {
    window.removeEventListener('keydown', handleDown);
    window.removeEventListener('focusin', handleFocus);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', blur);
  };
}

/** Every action with its present keys, for the sheet, the palette and the settings. */
export function listedActions(): readonly (typeof ACTIONS)[number][] {
  return ACTIONS;
}
