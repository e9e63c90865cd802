/**
 * The one window: sandboxed, where it was left, shown when its first picture is ready, reloaded when its process dies.
 */
import { BrowserWindow, dialog, screen } from 'electron';
import path from 'node:path';
import type { Log } from './log.ts';
import { APP_URL } from './trust.ts';
import { readWindowState, SMALLEST, writeWindowState } from './windowState.ts';
import type { Words } from './words.ts';

/** What a window needs. */
export interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly dataDir: string;
  readonly words: () => Words;
  readonly log: Log;
}

const FIRST_SIZE = { width: 1440, height: 900 } as const;
/** Deaths of the page within `CRASH_SPAN_MS` after which reloading is no help. */
const MOST_CRASHES = 3;
const CRASH_SPAN_MS = 60_000;
const BACKGROUND = '#14171c';

function reloadWhenGone(window: BrowserWindow, { log, words }: WindowOptions): void {
  let crashes: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log.write('main', `page gone: ${reason}, exit code ${exitCode}`);
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    const now = Date.now();
    crashes = [...crashes.filter((at) => now - at < CRASH_SPAN_MS), now];
    // The address keeps the screen and the video (its fragment); edits are in the service.
    if (crashes.length <= MOST_CRASHES) window.webContents.reload();
    else {
      crashes = [];
      void dialog
        .showMessageBox(window, { type: 'error', message: words()('crashes'), buttons: [words()('reload')] })
        .then(() => window.webContents.reload());
    }
  });
  window.on('unresponsive', () => {
    log.write('main', 'page hangs');
    void dialog
      .showMessageBox(window, {
        type: 'warning',
        message: words()('hangs'),
        buttons: [words()('wait'), words()('reload')],
        cancelId: 0,
      })
      .then(({ response }) => {
        if (response === 1) window.webContents.forcefullyCrashRenderer();
      });
  });
}

/** Makes the window and loads the page. */
export function createWindow(options: WindowOptions): BrowserWindow {
  const stateFile = path.join(options.dataDir, 'window.json');
  const state = readWindowState(
    stateFile,
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow({
    ...FIRST_SIZE,
    ...(state.bounds ?? {}),
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    show: false,
    title: 'LoFi Studio',
    backgroundColor: BACKGROUND,
    ...(options.icon === '' ? {} : { icon: options.icon }),
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (state.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  const keep = (): void => {
    writeWindowState(stateFile, { bounds: window.getNormalBounds(), maximized: window.isMaximized() });
  };
  let timer: NodeJS.Timeout | null = null;
  const keepSoon = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(keep, 500);
  };
  window.on('resize', keepSoon);
  window.on('move', keepSoon);
  window.on('close', () => {
    if (timer !== null) clearTimeout(timer);
    keep();
  });
  window.webContents.on('console-message', (_event, level, message) => {
    // 2 is a warning, 3 an error.
    if (typeof level === 'number' && level >= 3) options.log.write('page', message);
  });
  reloadWhenGone(window, options);
  window
    .loadURL(APP_URL)
    .catch((error: unknown) => options.log.write('main', `page not loaded: ${String(error)}`));
  return window;
}
