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
/** A page that lived this long had recovered: the next death is the first one again. */
const STEADY_MS = 3000;
/** Deaths in a row, none of them after a steady life, after which reloading by itself is no help. */
const MOST_CRASHES = 5;
const PAUSE_STEP_MS = 250;
const ERROR_LEVEL = 3;
const BACKGROUND = '#14171c';

function reloadWhenGone(window: BrowserWindow, { log, words }: WindowOptions): void {
  let crashes = 0;
  let bornAt = Date.now();
  const reload = (): void => {
    if (window.isDestroyed()) return;
    bornAt = Date.now();
    // The address keeps the screen and the video (its fragment); edits are in the service.
    window.webContents.reload();
  };
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log.write('main', `page gone: ${reason}, exit code ${exitCode}`);
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    crashes = Date.now() - bornAt >= STEADY_MS ? 1 : crashes + 1;
    if (crashes === 1) reload();
    else if (crashes <= MOST_CRASHES) setTimeout(reload, (crashes - 1) * PAUSE_STEP_MS);
    else {
      crashes = 0;
      void dialog
        .showMessageBox(window, { type: 'error', message: words()('crashes'), buttons: [words()('reload')] })
        .then(reload);
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
  window.webContents.on('console-message', (details, level, message) => {
    // Since Electron 35 the details hold everything; before, the level was a number and 3 an error.
    const isError = details.level === 'error' || level === ERROR_LEVEL;
    if (isError) options.log.write('page', details.message ?? message);
  });
  reloadWhenGone(window, options);
  window
    .loadURL(APP_URL)
    .catch((error: unknown) => options.log.write('main', `page not loaded: ${String(error)}`));
  return window;
}
