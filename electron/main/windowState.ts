/**
 * Where the window was: kept in a file, brought back onto a screen that is still there.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A rectangle in screen pixels. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is kept. */
export interface WindowState {
  readonly bounds: Bounds | null;
  readonly maximized: boolean;
}

/** The smallest window that the screens are made for. */
export const SMALLEST = { width: 1024, height: 640 } as const;
const FIRST: WindowState = { bounds: null, maximized: false };
/** Pixels of a window's head that must be on a screen, or the person cannot reach it. */
const REACHABLE = 100;

const isBounds = (value: unknown): value is Bounds =>
  typeof value === 'object' &&
  value !== null &&
  ['x', 'y', 'width', 'height'].every((key) => Number.isSafeInteger((value as Record<string, unknown>)[key]));

/** Whether enough of the window's head lies on one of the screens. */
export function isReachable(bounds: Bounds, screens: readonly Bounds[]): boolean {
  return screens.some((screen) => {
    const across = Math.min(bounds.x + bounds.width, screen.x + screen.width) - Math.max(bounds.x, screen.x);
    return across >= REACHABLE && bounds.y >= screen.y && bounds.y <= screen.y + screen.height - REACHABLE;
  });
}

/** Reads the state; whatever is not right in the file is left out. */
export function readWindowState(file: string, screens: readonly Bounds[]): WindowState {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowState> | null;
    const bounds = kept?.bounds;
    const usable =
      isBounds(bounds) &&
      bounds.width >= SMALLEST.width &&
      bounds.height >= SMALLEST.height &&
      isReachable(bounds, screens);
    return { bounds: usable ? bounds : null, maximized: kept?.maximized === true };
  } catch {
    return FIRST;
  }
}

/** Writes the state, whole or not at all; a disk that refuses is no reason to stop. */
export function writeWindowState(file: string, state: WindowState): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.part`, JSON.stringify(state));
    renameSync(`${file}.part`, file);
  } catch {
    // The window opens in the middle next time.
  }
}
