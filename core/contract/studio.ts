/**
 * `window.studio`: what a page gets, the same in the desktop program and in the browser.
 */
import type { EventMap, EventName } from './events.ts';
import type { Invoke } from './invoke.ts';

/** One line of the page's table of actions, as native menus show it. */
export interface MenuActionInfo {
  readonly id: string;
  /** In the page's language. */
  readonly title: string;
  /** Where it works; a menu each. */
  readonly scope: 'global' | 'player' | 'annotate' | 'review' | 'library';
  /** Its first chord as the table writes it (`Ctrl+Shift+z`); empty when it has none. */
  readonly chord: string;
}

/** File dialogs differ between shells; in the browser they are pages of the studio itself. */
export interface ShellCapabilities {
  readonly shell: 'desktop' | 'browser';
  /** Native dialogs; absent in the browser. Returns paths, empty when cancelled. */
  readonly openDialog?: (kind: 'video' | 'folder' | 'project' | 'annotation') => Promise<readonly string[]>;
  readonly saveDialog?: (suggestedName: string) => Promise<string | null>;
  /** Paths of dropped files; absent in the browser. */
  readonly pathsOfFiles?: (files: readonly unknown[]) => readonly string[];
  /** Tells the native menus what there is; absent in the browser. */
  readonly setMenuActions?: (actions: readonly MenuActionInfo[]) => void;
}

/** The one object that a page talks to. */
export interface Studio extends ShellCapabilities {
  readonly invoke: Invoke;
  /** @returns a function that ends the subscription */
  readonly on: <K extends EventName>(name: K, listener: (payload: EventMap[K]) => void) => () => void;
}
