import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { ElectronApplication } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PACKED, startDesktop, type Desktop } from '../../fixtures/desktop.ts';
import { startPage } from '../../pages/start.ts';

const SOON = { timeout: 30_000, interval: 100 };
const hasOpenssl = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .some((dir) => existsSync(path.join(dir, 'openssl')));

/** What the spec keeps in main. */
interface Kept {
  readonly asked: string[];
  readonly answers: number[];
}

/** Buttons of the question about a new version. */
const DOWNLOAD = 0;
const LATER = 1;

const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi updates ü '));
const inFolder = (name: string): string => path.join(folder, name);
/** What a newer AppImage is put in the place of; here both are scripts, and the newer one leaves a sign when it is started to settle in. */
const installed = inFolder('Lofi.AppImage');
const sign = inFolder('settled');
const NEWER = `#!/bin/sh\nprintf %s "$APPIMAGE_EXIT_AFTER_INSTALL" > "${sign}"\n`;
const OLDER = '#!/bin/sh\nexit 1\n';

describe.runIf(PACKED !== null && hasOpenssl)('updates of the packed program', () => {
  const asked: string[] = [];
  let version = '9.9.9';
  let digest = createHash('sha512').update(NEWER).digest('base64');
  let server: Server;
  let desktop: Desktop | null = null;

  beforeAll(async () => {
    const [key, certificate] = [inFolder('key.pem'), inFolder('certificate.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-keyout',
        key,
        '-out',
        certificate,
        ...subject,
      ],
      { stdio: 'ignore' },
    );
    server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'https://127.0.0.1');
        asked.push(pathname);
        if (pathname.endsWith('.yml')) {
          const size = Buffer.byteLength(NEWER);
          response.end(
            [
              `version: ${version}`,
              'files:',
              '  - url: newer.AppImage',
              `    sha512: ${digest}`,
              `    size: ${size}`,
              'path: newer.AppImage',
              `sha512: ${digest}`,
              "releaseDate: '2030-01-01T00:00:00.000Z'",
              '',
            ].join('\n'),
          );
        } else if (pathname.endsWith('.AppImage')) response.end(NEWER);
        else response.writeHead(404).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const app = (): ElectronApplication => {
    if (desktop === null) throw new Error('The program has not been started.');
    return desktop.app;
  };
  const questions = (): Promise<readonly string[]> =>
    app().evaluate(() => (globalThis as unknown as Kept).asked);

  /** Starts the program as an AppImage is started, with a feed, and with answers for what it will ask. */
  async function start(name: string, answers: readonly number[]): Promise<void> {
    asked.length = 0;
    writeFileSync(installed, OLDER, { mode: 0o755 });
    const dataDir = inFolder(`data ${name}`);
    mkdirSync(dataDir);
    const feed = `https://127.0.0.1:${(server.address() as AddressInfo).port}/lofi`;
    writeFileSync(path.join(dataDir, 'update.json'), JSON.stringify({ feed }));
    const env = { APPIMAGE: installed, XDG_CACHE_HOME: inFolder(`cache ${name}`) };
    desktop = await startDesktop({ dataDir, env });
    await startPage(await app().firstWindow()).screen.waitFor();
    await app().evaluate(({ dialog, session }, given) => {
      const kept: Kept = { asked: [], answers: [...given] };
      Object.assign(globalThis, kept);
      dialog.showMessageBox = (...parts: readonly unknown[]) => {
        kept.asked.push((parts.at(-1) as { readonly message: string }).message);
        return Promise.resolve({ response: kept.answers.shift() ?? 0, checkboxChecked: false });
      };
      // The server's certificate is the spec's own.
      session
        .fromPartition('electron-updater', { cache: false })
        .setCertificateVerifyProc((_request, answer) => answer(0));
    }, answers);
  }
  const look = (): Promise<void> =>
    app().evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById('lookForUpdates')?.click();
    });

  /** Closes the window as a person does. */
  async function quit(): Promise<void> {
    const child = app().process();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await app().evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    expect(await gone).toBe(0);
  }

  it('asks nobody before the person does, tells what is there, and fetches nothing that is not wanted', async () => {
    await start('later', [LATER]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(asked).toEqual([]);
    await look();
    await vi.waitFor(async () => expect(await questions()).toHaveLength(1), SOON);
    expect((await questions())[0]).toContain('9.9.9');
    await quit();
    expect(asked).toEqual(['/lofi/latest-linux.yml']);
    expect(readFileSync(installed, 'utf8')).toBe(OLDER);
  });

  it('puts the newer program in its place when it quits', async () => {
    await start('now', [DOWNLOAD]);
    await look();
    const cache = inFolder('cache now/lofi-studio-updater/pending');
    await vi.waitFor(() => expect(existsSync(path.join(cache, 'newer.AppImage'))).toBe(true), SOON);
    expect(readFileSync(installed, 'utf8')).toBe(OLDER);
    await quit();
    const newer = path.join(folder, 'newer.AppImage');
    const placed = existsSync(newer) ? newer : installed;
    expect(readFileSync(placed, 'utf8')).toBe(NEWER);
    expect(statSync(placed).mode & 0o111).not.toBe(0);
    expect(readFileSync(sign, 'utf8')).toBe('true');
  });

  it('refuses a file that is not what the feed says, in words', async () => {
    const right = digest;
    digest = createHash('sha512').update('something else').digest('base64');
    await start('forged', [DOWNLOAD]);
    await look();
    await vi.waitFor(async () => expect(await questions()).toHaveLength(2), SOON);
    expect((await questions())[1]).toMatch(/could not be fetched: .*checksum/);
    await quit();
    expect(readFileSync(installed, 'utf8')).toBe(OLDER);
    digest = right;
  });

  it('says so when there is nothing newer', async () => {
    version = '0.0.1';
    await start('none', []);
    await look();
    await vi.waitFor(async () => expect(await questions()).toEqual(['This is the newest version.']), SOON);
    await quit();
  });
});
