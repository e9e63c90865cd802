import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';

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
      bridge: ['invoke', 'on', 'openDialog', 'pathsOfFiles', 'saveDialog', 'shell'],
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

  it('answers malformed calls on every channel with a typed error', async () => {
    const codes = await studio().page.evaluate(async () => {
      const { invoke } = (
        window as unknown as { studio: { invoke: (name: string, args: unknown) => Promise<unknown> } }
      ).studio;
      const bad: unknown[] = [7, 'x', null, [], { id: 7 }, { dir: '\0' }, { __proto__: null, edit: {} }];
      const seen = new Set<string>();
      for (const name of [
        'document.edit',
        'project.open',
        'videos.add',
        'nothing',
        '__proto__',
        'constructor',
      ]) {
        for (const args of bad) {
          const code = await invoke(name, args).then(
            () => 'answered',
            (error: { code?: string; message?: string }) => error.code ?? error.message ?? 'untyped',
          );
          seen.add(code);
        }
      }
      return [...seen].sort();
    });
    expect(codes).toEqual(['There is no such call.', 'wrong-usage']);
  });
});
