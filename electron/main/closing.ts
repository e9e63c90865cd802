/**
 * Closing the window while a job runs: the person says whether it goes on in the background, pauses, or ends.
 */
import { dialog, Menu, nativeImage, Notification, Tray, type BrowserWindow } from 'electron';
import type { Envelope } from '#core/contract/wrap';
import type { RunningJobs } from './jobs.ts';
import type { Words } from './words.ts';

/** What closing needs. */
export interface ClosingOptions {
  readonly window: BrowserWindow;
  readonly jobs: RunningJobs;
  readonly call: (name: unknown, args: unknown) => Promise<Envelope>;
  readonly words: () => Words;
  readonly icon: string;
  /** Ends the program; the window may close then. */
  readonly quit: () => void;
  /** Whether the program is ending anyway. */
  readonly isQuitting: () => boolean;
}

/** A window that may be in the background. */
export interface Background {
  /** Takes it out of there; also brings a window to the front that never was. */
  readonly show: () => void;
  /** The last job has ended: a person who sent the window away is told. */
  readonly tellEnd: () => void;
}

const CHOICES = ['keepRunning', 'pauseAndQuit', 'cancelAndQuit', 'stay'] as const;

const TRAY_PIXELS = 22;

/** Watches the window's close button. @returns how the window comes back from the background */
export function askBeforeClosing(options: ClosingOptions): Background {
  const { window, jobs, call, words, icon, quit } = options;
  let tray: Tray | null = null;
  let asking = false;

  const show = (): void => {
    tray?.destroy();
    tray = null;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };

  const hide = (): void => {
    const say = words();
    const image =
      icon === ''
        ? nativeImage.createEmpty()
        : nativeImage.createFromPath(icon).resize({ width: TRAY_PIXELS });
    try {
      tray = new Tray(image);
      tray.setToolTip(say('background'));
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: say('show'), click: show },
          { label: say('quit'), click: () => window.close() },
        ]),
      );
      tray.on('click', show);
    } catch {
      // A desktop without a tray: the program comes back when it is started again (second instance).
    }
    window.hide();
  };

  const tellEnd = (): void => {
    if (tray === null || window.isVisible()) return;
    const body = words()('jobsEnded');
    tray.setToolTip(body);
    if (!Notification.isSupported()) return;
    const note = new Notification({ title: 'LoFi Studio', body });
    note.on('click', show);
    note.show();
  };

  const ask = async (): Promise<void> => {
    const say = words();
    show();
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      title: say('jobRuns'),
      message: say('jobsRun', { count: jobs.ids().length }),
      buttons: CHOICES.map((choice) => say(choice)),
      defaultId: 0,
      cancelId: CHOICES.indexOf('stay'),
    });
    const choice = CHOICES[response];
    if (choice === 'keepRunning') {
      // What ran may have ended while the question stood there.
      if (jobs.ids().length > 0) hide();
    } else if (choice === 'pauseAndQuit' || choice === 'cancelAndQuit') {
      const name = choice === 'pauseAndQuit' ? 'jobs.pause' : 'jobs.cancel';
      await Promise.all(jobs.ids().map((id) => call(name, { id })));
      quit();
    }
  };

  window.on('close', (event) => {
    if (options.isQuitting()) return;
    event.preventDefault();
    if (jobs.ids().length === 0) {
      quit();
      return;
    }
    if (asking) return;
    asking = true;
    void ask().finally(() => {
      asking = false;
    });
  });
  return { show, tellEnd };
}
