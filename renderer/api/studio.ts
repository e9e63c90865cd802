/**
 * The only file that touches `window.studio`: typed calls and events, the same in the desktop program and in the browser.
 */
import { fromErrorInfo, StudioError, type ErrorInfo } from '#core/contract/errors';
import type { EventMap, EventName } from '#core/contract/events';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import type { Studio } from '#core/contract/studio';

declare global {
  interface Window {
    /** Put there by the preload script or by the browser shell's own script, before the page's. */
    readonly studio?: Studio;
  }
}

/** Whether the shell gave this page its bridge; without it nothing can be shown but a line saying so. */
export function hasStudio(): boolean {
  return window.studio !== undefined;
}

function bridge(): Studio {
  if (window.studio === undefined) {
    throw new StudioError('internal', 'This page was opened without the studio around it.');
  }
  return window.studio;
}

/**
 * Calls the service.
 *
 * @throws StudioError with the service's code and words
 */
export async function invoke<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]> {
  try {
    return await bridge().invoke(name, args);
  } catch (error) {
    // The desktop's bridge passes plain objects, because errors lose their code on it.
    throw error instanceof Error ? error : fromErrorInfo(error as ErrorInfo);
  }
}

/**
 * Listens to news.
 *
 * @returns a function that ends the subscription
 */
export function on<K extends EventName>(name: K, listener: (payload: EventMap[K]) => void): () => void {
  return bridge().on(name, listener);
}

/** What the shell can do besides: native dialogs and the paths of dropped files. */
export function shell(): Omit<Studio, 'invoke' | 'on'> {
  return bridge();
}

/** A message for the person out of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Code of a studio error; `internal` for anything else. Works on errors that crossed a bridge and lost their class. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return 'internal';
}
