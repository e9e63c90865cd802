// The page's sources use Svelte's runes.
import type {} from 'svelte';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ACTIONS } from '../../../../renderer/keys/actions.ts';
import { copyProgram, startDesktop, type Desktop } from '../../fixtures/desktop.ts';
import { descendants } from '../../fixtures/processes.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { writeVideos } from '../../fixtures/videos.ts';
import { startPage } from '../../pages/start.ts';
import { windowPage } from '../../pages/window.ts';

/** As much of a native menu's item as is looked at. */
interface Item {
  readonly id: string;
  readonly label: string;
  readonly submenu?: { readonly items: readonly Item[] };
}

describe('the desktop program', () => {
  const studio = useStudio();

  const menuItem = (id: string): Promise<Item | null | undefined> =>
    studio().electron?.evaluate(({ Menu }, wanted) => {
      const item = Menu.getApplicationMenu()?.getMenuItemById(wanted);
      return item == null ? null : { id: item.id, label: item.label, accelerator: item.accelerator ?? null };
    }, id) ?? Promise.resolve(null);

  it('has native menus out of the page’s own table of actions, which drive it', async () => {
    const { page, electron, folder } = studio();
    await startPage(page).createProject('Menus', folder);
    await vi.waitFor(async () =>
      expect(await menuItem('go.models')).toMatchObject({ label: 'Go to Models' }),
    );
    const ids = await electron?.evaluate(({ Menu }) => {
      const collect = (items: readonly Item[]): string[] =>
        items.flatMap((item) => [item.id, ...collect(item.submenu?.items ?? [])]);
      return collect(Menu.getApplicationMenu()?.items ?? []);
    });
    const listed = ACTIONS.map(({ id }) => id).filter((id) => !/^(re)?label\./.test(id));
    // Moving the focus and walking through fields are keys, not commands of a menu.
    expect(ids).toEqual(expect.arrayContaining(listed.filter((id) => id !== 'nextRegion')));
    expect(ids).toEqual(expect.arrayContaining(['newProject', 'copyDiagnostics']));
    // Updates are off: no feed is set.
    expect(ids).not.toContain('lookForUpdates');
    await electron?.evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById('go.models')?.click();
    });
    await page.locator('main[data-screen="models"]').waitFor();
  });

  it('shows the keys and the language that the person has set', async () => {
    const { ask } = windowPage(studio().page);
    expect(await menuItem('markIn')).toMatchObject({ accelerator: 'I' });
    await ask('settings.set', { keyProfile: 'boris', language: 'zh-CN' });
    await vi.waitFor(async () =>
      expect(await menuItem('markIn')).toMatchObject({
        accelerator: 'CmdOrCtrl+I',
        label: expect.stringMatching(/\p{Script=Han}/u) as unknown,
      }),
    );
    await ask('settings.set', { keyProfile: 'nle', language: 'system' });
    await vi.waitFor(async () => expect(await menuItem('markIn')).toMatchObject({ accelerator: 'I' }));
  });

  it('takes real files that are dropped on the window, by their paths', async () => {
    const { page, electron, folder } = studio();
    const [video] = await writeVideos(path.join(folder, 'dropped ü'), 1);
    await windowPage(page).goTo('library');
    const session = await electron?.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session?.send('Input.dispatchDragEvent', {
        type,
        x: 600,
        y: 450,
        data: { items: [], files: [video?.file ?? ''], dragOperationsMask: 1 },
      });
    }
    await page
      .getByText(video?.name ?? 'a video')
      .first()
      .waitFor();
    const { items } = await windowPage(page).ask('videos.list', {});
    expect(items.map((item) => item.path)).toEqual([video?.file]);
  });

  it('remembers recent projects in the menu', async () => {
    const { electron, page } = studio();
    await windowPage(page).ask('project.close', {});
    await startPage(page).screen.waitFor();
    const names = await electron?.evaluate(({ Menu }) => {
      const item = Menu.getApplicationMenu()?.getMenuItemById('openRecent') as unknown as Item | null;
      return item?.submenu?.items.map(({ label }) => label);
    });
    expect(names).toContain('Menus');
    await electron?.evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById('openRecent')?.submenu?.items[0]?.click();
    });
    await page.getByTestId('nav-library').waitFor();
  });

  it('copies diagnostics without a path or a label', async () => {
    const { electron, folder } = studio();
    const text = await electron?.evaluate(async ({ clipboard, dialog, Menu }) => {
      const done = new Promise<void>((resolve) => {
        dialog.showMessageBox = () => {
          resolve();
          return Promise.resolve({ response: 0, checkboxChecked: false });
        };
      });
      Menu.getApplicationMenu()?.getMenuItemById('copyDiagnostics')?.click();
      await done;
      return clipboard.readText();
    });
    expect(text).toContain('LoFi Studio 0.1.0');
    expect(text).toContain('Service: connected');
    expect(text).not.toContain(folder);
    expect(text).not.toContain(os.homedir() + path.sep);
    expect(text).not.toContain('Menus');
  });

  it('keeps its files in the folder for its data, and writes a log', () => {
    const { dataDir } = studio();
    expect(readFileSync(path.join(dataDir, 'logs/main.log'), 'utf8')).toContain('service connected');
    expect(existsSync(path.join(dataDir, 'window'))).toBe(true);
  });

  it('knows no path for a file that the page made itself', async () => {
    const paths = await studio().page.evaluate(() => {
      const { pathsOfFiles } = (
        window as unknown as { studio: { pathsOfFiles: (files: File[]) => string[] } }
      ).studio;
      // A file that the page made itself has no path on the disk.
      return pathsOfFiles([new File(['x'], 'made-by-the-page.mp4')]);
    });
    expect(paths).toEqual([]);
  });

  // Playwright gives a page up when its process dies: from here on main is asked.
  it('reloads a page whose process died, with the screen that was open', async () => {
    const { page, electron } = studio();
    await windowPage(page).goTo('models');
    const screen = await electron?.evaluate(async ({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      if (contents === undefined) return 'no window';
      const loaded = new Promise<void>((resolve) => contents.once('did-finish-load', () => resolve()));
      contents.forcefullyCrashRenderer();
      await loaded;
      return (await contents.executeJavaScript(`new Promise((resolve) => {
        const look = () => {
          const main = document.querySelector('main[data-screen]');
          if (main === null) requestAnimationFrame(look);
          else resolve(main.dataset.screen);
        };
        look();
      })`)) as string;
    });
    expect(screen).toBe('models');
  });
});

describe('starting the desktop program', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi start ünïcode 研究-'));
  const dataDir = path.join(folder, 'my data');
  let executable = '';
  let desktop: Desktop;

  beforeAll(async () => {
    mkdirSync(dataDir, { recursive: true });
    executable = await copyProgram(path.join(folder, 'Programme und Dateien'));
    desktop = await startDesktop({ dataDir, executable });
  });
  afterAll(async () => {
    await desktop.app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('works from a path with spaces and letters of other languages', async () => {
    const page = await desktop.app.firstWindow();
    await startPage(page).screen.waitFor();
    expect((await windowPage(page).ask('app.info', {})).shell).toBe('desktop');
  });

  it('runs once: a second start opens its project in the first window', async () => {
    const page = await desktop.app.firstWindow();
    await startPage(page).createProject('Eins', folder);
    await windowPage(page).ask('project.close', {});
    await startPage(page).screen.waitFor();
    const second = spawn(executable, ['--no-sandbox', path.join(folder, 'Eins', 'project.lofi')], {
      env: { ...process.env, LOFI_DATA_DIR: dataDir },
      stdio: 'ignore',
    });
    await new Promise((resolve) => second.once('exit', resolve));
    await page.getByTestId('nav-library').waitFor();
    expect(await descendants(desktop.pid, 'service')).toHaveLength(1);
  });

  it('opens a project that the system hands over while it runs, as macOS does', async () => {
    const page = await desktop.app.firstWindow();
    await windowPage(page).ask('project.close', {});
    await startPage(page).screen.waitFor();
    await desktop.app.evaluate(
      ({ app }, file) => app.emit('open-file', { preventDefault: () => undefined }, file),
      path.join(folder, 'Eins', 'project.lofi'),
    );
    await page.getByTestId('nav-library').waitFor();
    expect(await windowPage(page).ask('project.current', {})).toMatchObject({ name: 'Eins' });
  });

  it('leaves no process and comes back with its window where it was', async () => {
    const place = { x: 40, y: 30, width: 1100, height: 700 };
    await desktop.app.evaluate(({ BrowserWindow }, bounds) => {
      BrowserWindow.getAllWindows()[0]?.setBounds(bounds);
    }, place);
    const services = await descendants(desktop.pid, 'service');
    await desktop.app.close();
    for (const pid of services) expect(() => process.kill(pid, 0)).toThrow();
    desktop = await startDesktop({ dataDir, executable });
    await startPage(await desktop.app.firstWindow()).screen.waitFor();
    expect(
      await desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds()),
    ).toEqual(place);
  });
});
