/**
 * The desktop program's beginning. Main is thin: it starts the service, shows the window and stands between the two.
 *
 * Order: schemes and folders (before `ready`), single-instance lock, service (it starts while Electron does), `ready`, restrictions, protocols, window.
 */
import type { BrowserWindow } from 'electron';
import { app, clipboard, dialog, powerSaveBlocker, protocol, shell } from 'electron';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { EventMap, EventName } from '#core/contract/events';
import type { EngineInfo, JobInfo, RecentProjectInfo, SettingsInfo } from '#core/contract/info';
import type { MenuActionInfo } from '#core/contract/studio';
import { defaultDataDir } from '#service/process/environment';
import { superviseService } from '#service/process/supervisor';
import { projectOfArguments, projectOfPath } from './arguments.ts';
import { askBeforeClosing, type Background } from './closing.ts';
import { describeDiagnostics } from './diagnostics.ts';
import { askToOpen, publishToWindows, registerChannels } from './ipc.ts';
import { resumableAfterDeath, watchJobs } from './jobs.ts';
import { openLog } from './log.ts';
import { setMenu, type MenuActions } from './menu.ts';
import { programPaths } from './paths.ts';
import { answerApp } from './protocol/app.ts';
import { answerMedia } from './protocol/media.ts';
import { registerSchemes } from './protocol/schemes.ts';
import { restrictDefaultSession, restrictPages } from './security.ts';
import { APP_ORIGIN, MEDIA_BASE } from './trust.ts';
import { updateFeed } from './updateFeed.ts';
import { lookForUpdates } from './updates.ts';
import { createWindow } from './window.ts';
import { wordsOf, type Words } from './words.ts';

const PAPER = 'https://arxiv.org/abs/2103.15233';
const LOG_LINES = 200;
const MOST_TAKEN_UP = 10;

app.setName('LoFi Studio');
registerSchemes();
const dataDir = defaultDataDir();
mkdirSync(dataDir, { recursive: true });
app.setPath('userData', dataDir);
app.setPath('sessionData', path.join(dataDir, 'window'));
app.setPath('crashDumps', path.join(dataDir, 'crashes'));

if (app.requestSingleInstanceLock()) begin();
else app.quit();

function begin(): void {
  const log = openLog(path.join(dataDir, 'logs'));
  const logMain = (line: string): void => log.write('main', line);
  const paths = programPaths(__dirname, app.isPackaged ? process.resourcesPath : null);
  logMain(`LoFi Studio ${app.getVersion()} starts on Electron ${process.versions.electron}`);

  let window: BrowserWindow | null = null;
  let background: Background | null = null;
  let quitting = false;
  let wakeLock: number | null = null;
  let language: SettingsInfo['language'] = 'system';
  let hasProject = false;
  let pageActions: readonly MenuActionInfo[] = [];
  let updatesAskedFor = false;
  let toOpen = projectOfArguments(process.argv.slice(1), process.cwd());
  const feed = updateFeed(dataDir);
  const words = (): Words => wordsOf(language, app.isReady() ? app.getLocale() : 'en');

  const jobs = watchJobs((anyRuns) => {
    if (anyRuns) wakeLock ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (wakeLock !== null) {
      powerSaveBlocker.stop(wakeLock);
      wakeLock = null;
    }
    window?.setProgressBar(anyRuns ? 2 : -1);
    if (!anyRuns) background?.tellEnd();
  });
  /** How often each job was taken up again after a death of the service: one that kills it each time is left alone. */
  const takenUp = new Map<string, number>();

  const hear = (name: EventName, payload: unknown): void => {
    publishToWindows(name, payload);
    jobs.hear(name, payload);
    if (name === 'service.state') {
      const { state } = payload as EventMap['service.state'];
      logMain(`service ${state}`);
      if (state === 'connected') void afterConnect();
    } else if (name === 'settings.changed') {
      language = (payload as EventMap['settings.changed']).settings.language;
      void refreshMenu();
    } else if (name === 'project.changed') {
      const { project } = payload as EventMap['project.changed'];
      const changed = hasProject !== (project !== null);
      hasProject = project !== null;
      if (project !== null) app.addRecentDocument(project.dir);
      if (changed) void refreshMenu();
    }
  };

  const service = superviseService({
    node: paths.node,
    entry: paths.service,
    dataDir,
    shell: 'desktop',
    mediaBase: MEDIA_BASE,
    onEvent: hear,
    onLog: (line) => log.write('service', line),
  });

  const ask = async <T>(name: string, args: unknown = {}): Promise<T | null> => {
    const envelope = await service.call(name, args);
    if (envelope.ok) return envelope.result as T;
    logMain(`${name}: ${envelope.error.code}`);
    return null;
  };

  const openProject = async (
    name: 'project.open' | 'project.create' | 'project.openSample',
    args: unknown,
  ): Promise<void> => {
    const envelope = await service.call(name, args);
    if (envelope.ok || window === null) return;
    await dialog.showMessageBox(window, { type: 'warning', message: envelope.error.message });
  };

  async function afterConnect(): Promise<void> {
    const settings = await ask<SettingsInfo>('settings.get');
    if (settings !== null) language = settings.language;
    const dir = toOpen;
    toOpen = null;
    if (dir !== null) await openProject('project.open', { dir });
    const ran = jobs.ids();
    const known = (await ask<readonly JobInfo[]>('jobs.list')) ?? [];
    for (const id of resumableAfterDeath(ran, known)) {
      const times = (takenUp.get(id) ?? 0) + 1;
      takenUp.set(id, times);
      if (times <= MOST_TAKEN_UP) await ask('jobs.resume', { id });
    }
    jobs.reset(ran.length === 0 ? known : ((await ask<readonly JobInfo[]>('jobs.list')) ?? []));
    await refreshMenu();
  }

  const actions: MenuActions = {
    page: (action) => publishToWindows('shell.action', { action, paths: [] }),
    newProject: () =>
      void askToOpen(window, 'project', words()).then(([dir]) =>
        dir === undefined ? undefined : openProject('project.create', { dir }),
      ),
    openProject: () =>
      void askToOpen(window, 'project', words()).then(([dir]) =>
        dir === undefined ? undefined : openProject('project.open', { dir }),
      ),
    openRecent: (dir) => void openProject('project.open', { dir }),
    openSample: () => void openProject('project.openSample', {}),
    addVideos: () =>
      void askToOpen(window, 'video', words()).then((files) =>
        files.length === 0 ? undefined : ask('videos.add', { paths: files }),
      ),
    closeProject: () => void ask('project.close'),
    copyDiagnostics: () => void copyDiagnostics(),
    showLog: () => shell.showItemInFolder(log.file),
    openPaper: () => void shell.openExternal(PAPER),
    lookForUpdates:
      feed === null
        ? null
        : () => {
            updatesAskedFor = true;
            void lookForUpdates(feed, words(), log);
          },
    quit: () => window?.close(),
  };

  async function refreshMenu(): Promise<void> {
    if (!app.isReady() || quitting) return;
    const recent = (await ask<readonly RecentProjectInfo[]>('project.recent')) ?? [];
    setMenu({ words: words(), hasProject, recent, actions: pageActions }, actions);
  }

  async function copyDiagnostics(): Promise<void> {
    const text = describeDiagnostics({
      version: app.getVersion(),
      electron: process.versions.electron,
      chromium: process.versions.chrome,
      system: `${os.platform()} ${os.release()} ${os.arch()}`,
      cores: os.cpus().length,
      memoryBytes: os.totalmem(),
      locale: app.getLocale(),
      service: service.state().state,
      gpu: { ...app.getGPUFeatureStatus() },
      engines: (await ask<readonly EngineInfo[]>('engines.list')) ?? [],
      log: log.tail(LOG_LINES),
    });
    clipboard.writeText(text);
    if (window !== null) await dialog.showMessageBox(window, { message: words()('diagnosticsCopied') });
  }

  function quit(): void {
    if (quitting) return;
    quitting = true;
    logMain('ends');
    void service.close().finally(() => app.quit());
  }

  const restrictions = {
    log: logMain,
    askedFor: (url: string) => updatesAskedFor && feed !== null && url.startsWith(feed),
  };
  restrictPages(restrictions);
  app.on('second-instance', (_event, argv, workingDir) => {
    background?.show();
    const dir = projectOfArguments(argv.slice(1), workingDir);
    if (dir !== null) void openProject('project.open', { dir });
  });
  app.on('open-file', (event, file) => {
    event.preventDefault();
    const dir = projectOfPath(file, '/');
    if (dir === null) return;
    if (service.state().state === 'connected') void openProject('project.open', { dir });
    else toOpen = dir;
  });
  app.on('child-process-gone', (_event, { type, reason, exitCode }) =>
    logMain(`${type} process gone: ${reason}, exit code ${exitCode}`),
  );
  app.on('before-quit', (event) => {
    if (quitting) return;
    // From outside (session end, Ctrl-C): the same way as the window's own button.
    event.preventDefault();
    if (window === null || window.isDestroyed()) quit();
    else window.close();
  });
  app.on('window-all-closed', () => quit());
  app.on('activate', () => background?.show());

  void app.whenReady().then(() => {
    restrictDefaultSession(restrictions);
    protocol.handle('app', answerApp(paths.renderer, APP_ORIGIN));
    protocol.handle('media', answerMedia(service.mediaSocket, APP_ORIGIN));
    registerChannels({
      call: service.call,
      words,
      log: logMain,
      onMenuActions: (table) => {
        pageActions = table;
        void refreshMenu();
      },
    });
    setMenu({ words: words(), hasProject, recent: [], actions: [] }, actions);
    window = createWindow({ preload: paths.preload, icon: paths.icon, dataDir, words, log });
    window.webContents.on('did-finish-load', () => {
      const state = service.state();
      if (state.state === 'failed') publishToWindows('service.state', state);
    });
    background = askBeforeClosing({
      window,
      jobs,
      call: service.call,
      words,
      icon: paths.icon,
      quit,
      isQuitting: () => quitting,
    });
  });
}
