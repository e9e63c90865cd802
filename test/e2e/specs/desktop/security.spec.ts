import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INVOKE_NAMES } from '#core/contract/invoke';
import { malformedCalls } from '../../../fixtures/malformed.ts';
import { PACKED } from '../../fixtures/desktop.ts';
import { descendants, remoteConnections } from '../../fixtures/processes.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { windowPage } from '../../pages/window.ts';

const PRELOAD =
  PACKED === null
    ? path.resolve(import.meta.dirname, '../../../../dist/preload/index.cjs')
    : path.join(path.dirname(PACKED), 'resources/app.asar/dist/preload/index.cjs');

describe('the desktop program’s locks', () => {
  const studio = useStudio();

  it('gives the page no Node, one frozen bridge, and an origin of its own', async () => {
    const seen = await studio().page.evaluate(() => {
      const bridge = (window as unknown as { studio: Record<string, unknown> }).studio;
      let replaced = true;
      try {
        bridge['invoke'] = null;
        replaced = bridge['invoke'] === null;
      } catch {
        replaced = false;
      }
      return {
        globals: ['process', 'require', 'module', 'Buffer', 'global'].filter((name) => name in window),
        bridge: Object.keys(bridge).sort(),
        replaced,
        origin: location.href,
        isolated: crossOriginIsolated,
        secure: isSecureContext,
      };
    });
    expect(seen).toEqual({
      globals: [],
      bridge: ['invoke', 'on', 'openDialog', 'pathsOfFiles', 'saveDialog', 'setMenuActions', 'shell'],
      replaced: false,
      origin: expect.stringMatching(/^app:\/\/studio\/index\.html/) as unknown,
      isolated: true,
      secure: true,
    });
  });

  it('is made with isolation, sandbox and web security on', async () => {
    const preferences = await studio().electron?.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => {
        const contents = window.webContents as unknown as {
          getLastWebPreferences: () => Record<string, unknown>;
        };
        return contents.getLastWebPreferences();
      }),
    );
    expect(preferences).toHaveLength(1);
    expect(preferences?.[0]).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
  });

  it('refuses permissions', async () => {
    const answers = await studio().page.evaluate(async () => ({
      notifications: await Notification.requestPermission(),
      camera: await navigator.mediaDevices.getUserMedia({ video: true }).then(
        () => 'granted',
        (error: Error) => error.name,
      ),
      place: await new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          () => resolve('denied'),
        ),
      ),
    }));
    expect(answers).toMatchObject({ notifications: 'denied', place: 'denied' });
    expect(answers.camera).not.toBe('granted');
  });

  it('has no say over devices, and is told so when it asks', async () => {
    const answers = await studio().page.evaluate(async () => {
      const stateOf = (name: string): Promise<string> =>
        navigator.permissions.query({ name: name as PermissionName }).then(
          ({ state }) => state,
          () => 'unknown',
        );
      const { usb, hid, serial } = navigator as unknown as Record<
        'usb' | 'hid' | 'serial',
        { getDevices?: () => Promise<unknown[]>; getPorts?: () => Promise<unknown[]> } | undefined
      >;
      const none = { getDevices: () => Promise.resolve([]) };
      const lists = await Promise.all([
        (usb ?? none).getDevices?.(),
        (hid ?? none).getDevices?.(),
        serial?.getPorts?.() ?? [],
      ]);
      return {
        states: await Promise.all(
          ['geolocation', 'notifications', 'camera', 'microphone', 'midi'].map(stateOf),
        ),
        devices: lists.flat().length,
      };
    });
    expect(answers.states.filter((state) => state === 'granted' || state === 'prompt')).toEqual([]);
    expect(answers.devices).toBe(0);
  });

  it('saves what the page has made where the person says, and nothing else', async () => {
    const { page, electron } = studio();
    const seen = await electron?.evaluateHandle(({ dialog, session }) => {
      const found = { asked: 0, downloads: [] as string[] };
      // The person says no.
      dialog.showSaveDialogSync = () => {
        found.asked += 1;
        return undefined as unknown as string;
      };
      session.defaultSession.on('will-download', (event) => {
        found.downloads.push(event.defaultPrevented ? 'prevented' : 'begun');
      });
      return found;
    });
    const download = (kind: 'blob' | 'app' | 'data'): Promise<void> =>
      page.evaluate((which) => {
        const link = document.createElement('a');
        const own = URL.createObjectURL(new Blob(['x']));
        link.href = { blob: own, app: 'app://studio/index.html', data: 'data:text/plain,x' }[which];
        link.download = 'evil.sh';
        link.click();
      }, kind);
    await download('app');
    await expect.poll(() => seen?.jsonValue()).toEqual({ asked: 0, downloads: ['prevented'] });
    await download('data');
    await expect.poll(() => seen?.jsonValue()).toEqual({ asked: 0, downloads: ['prevented', 'prevented'] });
    await download('blob');
    await expect.poll(async () => (await seen?.jsonValue())?.downloads.length).toBe(3);
    expect((await seen?.jsonValue())?.downloads).not.toContain('begun');
  });

  it('stays on its page and opens no windows', async () => {
    const { page, electron } = studio();
    const outside = await electron?.evaluateHandle(({ shell }) => {
      const opened: string[] = [];
      shell.openExternal = (url) => {
        opened.push(url);
        return Promise.resolve();
      };
      return opened;
    });
    const before = page.url();
    await page.evaluate(() => {
      for (const url of ['https://example.org/', 'file:///etc/passwd', 'https://arxiv.org/abs/2103.15233'])
        window.open(url);
      location.href = 'https://example.org/';
    });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(page.url()).toBe(before);
    expect(electron?.windows()).toHaveLength(1);
    expect(await outside?.jsonValue()).toEqual(['https://arxiv.org/abs/2103.15233']);
  });

  it('reaches no network and no file, and runs no text as code', async () => {
    const { page, folder } = studio();
    writeFileSync(path.join(folder, 'private.json'), '{}');
    const reached = await page.evaluate(
      async (file) => {
        const tries: Record<string, string> = {};
        for (const url of [
          'https://example.org/',
          'http://127.0.0.1:1/',
          `file://${file}`,
          'app://studio/../../etc/passwd',
        ]) {
          tries[url.slice(0, 12)] = await fetch(url).then(
            (response) => (response.ok ? 'reached' : 'refused'),
            () => 'refused',
          );
        }
        try {
          // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- what must be refused
          tries['eval'] = String(new Function('return "ran"')());
        } catch {
          tries['eval'] = 'refused';
        }
        return tries;
      },
      path.join(folder, 'private.json'),
    );
    expect(new Set(Object.values(reached))).toEqual(new Set(['refused']));
  });

  it('gives media by opaque id alone', async () => {
    const statuses = await studio().page.evaluate(async () => {
      const found: number[] = [];
      for (const below of [
        'video/none',
        'video/..%2f..%2fetc%2fpasswd',
        '../etc/passwd',
        'video//etc/passwd',
        '%00',
      ]) {
        found.push((await fetch(`media://studio/${below}`).catch(() => ({ status: 0 }))).status);
      }
      return found;
    });
    expect(statuses.filter((status) => status === 200 || status === 206)).toEqual([]);
  });

  it('has a strict policy in the header of its page', async () => {
    const policy = await studio().page.evaluate(async () =>
      (await fetch('app://studio/index.html')).headers.get('content-security-policy'),
    );
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|https?:|wss?:|\*/);
  });

  it('embeds nothing', async () => {
    const { page } = studio();
    const seen = await page.evaluate(async () => {
      const view = document.createElement('webview');
      const frame = document.createElement('iframe');
      frame.src = 'app://studio/index.html';
      document.body.append(view, frame);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const found = { view: view.constructor.name, frames: 0 };
      try {
        found.frames = frame.contentDocument?.querySelectorAll('main').length ?? 0;
      } catch {
        // Another origin: nothing of ours.
      }
      view.remove();
      frame.remove();
      return found;
    });
    expect(seen).toEqual({ view: 'HTMLElement', frames: 0 });
  });

  it('answers no stranger, even one with the same preload', async () => {
    const answers = await studio().electron?.evaluate(
      async ({ BrowserWindow, dialog, Menu }, { preload, names }) => {
        let dialogs = 0;
        dialog.showOpenDialog = () => {
          dialogs += 1;
          return Promise.resolve({ canceled: false, filePaths: ['/etc/passwd'] });
        };
        const stranger = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
        await stranger.loadURL('data:text/html,<p>stranger</p>');
        const calls = (await stranger.webContents.executeJavaScript(
          `Promise.all(${JSON.stringify(names)}.map((name) =>
          studio.invoke(name, {}).then(() => 'answered', (error) => error.code)))`,
        )) as string[];
        const files = (await stranger.webContents.executeJavaScript(
          "Promise.all([studio.openDialog('video'), studio.saveDialog('x')])",
        )) as unknown[];
        const before = JSON.stringify(Menu.getApplicationMenu()?.items.map(({ label }) => label));
        await stranger.webContents.executeJavaScript(
          "studio.setMenuActions([{ id: 'go.evil', title: 'Evil', scope: 'global', chord: '' }])",
        );
        await new Promise((resolve) => setTimeout(resolve, 200));
        const isMenuKept =
          Menu.getApplicationMenu()?.getMenuItemById('go.evil') == null &&
          JSON.stringify(Menu.getApplicationMenu()?.items.map(({ label }) => label)) === before;
        stranger.destroy();
        return { calls: [...new Set(calls)], count: calls.length, files, dialogs, isMenuKept };
      },
      { preload: PRELOAD, names: INVOKE_NAMES },
    );
    expect(answers).toEqual({
      calls: ['not-allowed'],
      count: INVOKE_NAMES.length,
      files: [[], null],
      dialogs: 0,
      isMenuKept: true,
    });
  });

  it('talks to no other machine', async () => {
    const { pid, page } = studio();
    await windowPage(page).ask('engines.list', {});
    expect(await remoteConnections(pid)).toEqual([]);
  });

  it('answers 10,000 malformed calls over every channel with typed errors and nothing else', async () => {
    const { page, electron, pid } = studio();
    const before = await descendants(pid, 'service');
    const dialogs = await electron?.evaluateHandle(({ dialog }) => {
      const shown: string[] = [];
      dialog.showOpenDialog = () => {
        shown.push('open');
        return Promise.resolve({ canceled: true, filePaths: [] });
      };
      dialog.showSaveDialog = () => {
        shown.push('save');
        return Promise.resolve({ canceled: true, filePath: '' });
      };
      return shown;
    });
    const outcomes = await page.evaluate(
      async (calls) => {
        const bridge = (
          window as unknown as { studio: Record<string, (...args: unknown[]) => Promise<unknown>> }
        ).studio;
        const { invoke, openDialog, saveDialog, setMenuActions } = bridge;
        const seen: Record<string, number> = {};
        const count = (outcome: string): void => {
          seen[outcome] = (seen[outcome] ?? 0) + 1;
        };
        for (let at = 0; at < calls.length; at += 100) {
          await Promise.all(
            calls.slice(at, at + 100).map(({ name, args }) =>
              (invoke?.(name, args) ?? Promise.reject(new Error('no bridge'))).then(
                () => count('answered'),
                (error: { code?: string; message?: string }) =>
                  count(error.code ?? error.message ?? 'untyped'),
              ),
            ),
          );
        }
        // What JSON cannot say, on each kind of channel.
        const cycle: Record<string, unknown> = {};
        cycle['self'] = cycle;
        for (const odd of [cycle, 10n, new Map([[1, 2]]), new Uint8Array(9), NaN, new Date(0), undefined]) {
          await invoke?.('document.get', odd).then(
            () => count('answered'),
            (error: { code?: string }) => count(error.code ?? 'untyped'),
          );
          if (odd !== undefined) void setMenuActions?.(odd);
          if (JSON.stringify(await openDialog?.(odd)) !== '[]') count('dialog');
          if ((await saveDialog?.(odd)) !== null) count('dialog');
        }
        return seen;
      },
      malformedCalls(10_000, 1),
    );
    expect(Object.keys(outcomes).sort()).toEqual(['There is no such call.', 'wrong-usage']);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(10_007);
    expect(await dialogs?.jsonValue()).toEqual([]);
    // The same service, and it still answers.
    expect(await descendants(pid, 'service')).toEqual(before);
    expect(await windowPage(page).ask('project.current', {})).toBeNull();
  });
});
