import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyProgram, startDesktop, type Desktop } from '../../fixtures/desktop.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { makeLabelledProject } from '../../fixtures/videos.ts';
import { windowPage } from '../../pages/window.ts';

/** Buttons of the question, in its order. */
const KEEP_RUNNING = 0;
const PAUSE = 1;
const CANCEL = 2;
const STAY = 3;
const SOON = { timeout: 30_000, interval: 50 };

/** What the spec keeps in main. */
interface Kept {
  asked?: number;
  trayMenu?: Electron.Menu;
}

const folder = temporaryFolder('closing');
const project = path.join(folder, 'Versuch 研究');
const dataDir = path.join(folder, 'data');
let executable = '';
let desktop: Desktop;
let page: Page;

const app = (): ElectronApplication => desktop.app;
const ask: ReturnType<typeof windowPage>['ask'] = (name, args) => windowPage(page).ask(name, args);

async function start(): Promise<void> {
  desktop = await startDesktop({
    dataDir,
    executable,
    args: ['--lang=en-US', path.join(project, 'project.lofi')],
  });
  page = await app().firstWindow();
  await page.getByTestId('nav-library').waitFor();
}

/** Starts a training and waits until its worker runs. @returns its id */
async function train(): Promise<string> {
  const { id } = await ask('train.start', {});
  await untilState(id, 'running');
  return id;
}

const stateOf = async (id: string): Promise<string | undefined> =>
  (await ask('jobs.list', {})).find((job) => job.id === id)?.state;
const untilState = (id: string, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(id)).toBe(state), SOON);

/** Presses the window's close button; the question, if it comes, is answered as a person would. */
async function pressClose(answer: number): Promise<void> {
  await app().evaluate(({ BrowserWindow, dialog }, response) => {
    const kept = globalThis as Kept;
    dialog.showMessageBox = () => {
      kept.asked = (kept.asked ?? 0) + 1;
      return Promise.resolve({ response, checkboxChecked: false });
    };
    BrowserWindow.getAllWindows()[0]?.close();
  }, answer);
}

const timesAsked = (): Promise<number> => app().evaluate(() => (globalThis as Kept).asked ?? 0);
const isVisible = (): Promise<boolean> =>
  app().evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() === true);
/** Whether the system is kept awake now: the real blocker is asked. */
const isAwake = (): Promise<boolean> =>
  app().evaluate(({ powerSaveBlocker }) =>
    Array.from({ length: 50 }, (_, id) => id).some((id) => powerSaveBlocker.isStarted(id)),
  );
const hasEnded = (): Promise<void> =>
  new Promise((resolve) => {
    const child = app().process();
    if (child.exitCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

beforeAll(async () => {
  mkdirSync(dataDir, { recursive: true });
  await makeLabelledProject(project);
  executable = await copyProgram(path.join(folder, 'program'));
  await start();
});
afterAll(async () => {
  await app()
    .evaluate(({ app: program }) => program.exit(0))
    .catch(() => undefined);
});

describe('closing the window while a job runs', () => {
  let job = '';

  it('keeps the machine awake while it runs', async () => {
    expect(await isAwake()).toBe(false);
    job = await train();
    await vi.waitFor(async () => expect(await isAwake()).toBe(true), SOON);
  });

  it('asks, and stays where the person wants to stay', async () => {
    await pressClose(STAY);
    await vi.waitFor(async () => expect(await timesAsked()).toBe(1), SOON);
    expect([await isVisible(), await stateOf(job)]).toEqual([true, 'running']);
  });

  it('goes on in the background, and comes back from the tray', async () => {
    // The tray's menu is built once the tray itself is there.
    await app().evaluate(({ Menu }) => {
      const build = Menu.buildFromTemplate.bind(Menu);
      Menu.buildFromTemplate = (template) => {
        const menu = build(template);
        if (template.length === 2) (globalThis as Kept).trayMenu = menu;
        return menu;
      };
    });
    await pressClose(KEEP_RUNNING);
    await vi.waitFor(async () => expect(await isVisible()).toBe(false), SOON);
    expect([await stateOf(job), await isAwake()]).toEqual(['running', true]);
    const items = await app().evaluate(() => (globalThis as Kept).trayMenu?.items.map(({ label }) => label));
    expect(items).toEqual(['Open LoFi Studio', 'Quit LoFi Studio']);
    await app().evaluate(() => void (globalThis as Kept).trayMenu?.items[0]?.click());
    await vi.waitFor(async () => expect(await isVisible()).toBe(true), SOON);
  });

  it('pauses: the job is there to be resumed after the next start', async () => {
    const gone = hasEnded();
    await pressClose(PAUSE);
    await gone;
    await start();
    const left = (await ask('jobs.list', {})).find(({ id }) => id === job);
    expect(left).toMatchObject({ state: 'interrupted', resumable: true });
    await ask('jobs.resume', { id: job });
    await untilState(job, 'running');
  });

  it('cancels, and lets the machine sleep again', async () => {
    const gone = hasEnded();
    await pressClose(CANCEL);
    await gone;
    await start();
    expect(await stateOf(job)).toBe('cancelled');
    expect(await isAwake()).toBe(false);
  });

  it('does not ask where nothing runs', async () => {
    const gone = hasEnded();
    await pressClose(STAY);
    await gone;
    await start();
    expect(await timesAsked()).toBe(0);
  });
});
