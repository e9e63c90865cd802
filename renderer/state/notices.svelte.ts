/**
 * Short notices at the edge of the window: what was done, what went wrong, and one thing to do about it.
 */
import { messageOf } from '../api/studio.ts';
import { said } from '../i18n/i18n.svelte.ts';

/** A notice on the screen. Errors stay until dismissed. */
export interface Notice {
  readonly id: number;
  readonly tone: 'plain' | 'good' | 'danger';
  readonly text: string;
  readonly action?: { readonly text: string; readonly run: () => void } | undefined;
}

let box = $state.raw<readonly Notice[]>([]);
let nextId = 1;
const SHOWN_MS = 5000;

/** The notices now shown, oldest first. */
export function notices(): readonly Notice[] {
  return box;
}

/** Shows a notice. */
export function notify(
  text: string,
  tone: Notice['tone'] = 'plain',
  action?: { readonly text: string; readonly run: () => void },
): void {
  const id = nextId;
  nextId += 1;
  box = [...box.filter((notice) => notice.text !== text).slice(-3), { id, tone, text, action }];
  if (tone !== 'danger') {
    window.setTimeout(() => dismiss(id), SHOWN_MS);
  }
}

/** Shows what was thrown. */
export function notifyError(error: unknown): void {
  notify(said(messageOf(error)), 'danger');
}

/** Takes a notice away. */
export function dismiss(id: number): void {
  box = box.filter((notice) => notice.id !== id);
}

/** Takes errors away that belong to the screen that was left. */
export function dismissErrors(): void {
  box = box.filter((notice) => notice.tone !== 'danger');
}
