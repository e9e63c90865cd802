/** `npm start` without Electron's binary: `serve --open`, in the browser that the system opens. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { descendants } from '../../fixtures/processes.ts';
import { libraryPage } from '../../pages/library.ts';

const START = path.resolve(import.meta.dirname, '../../../../electron/cli/start.ts');

describe.runIf(process.platform === 'linux')('npm start where Electron has not been fetched', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi start ü-'));
  const opened = path.join(folder, 'opened');
  let child: ChildProcess;
  let browser: Browser;
  let words = '';

  beforeAll(async () => {
    const { project } = await writeKitchen();
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    // What the system opens an address with: this one writes down which it was.
    writeFileSync(path.join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > "${opened}"\n`, { mode: 0o755 });
    child = spawn(process.execPath, [START, project], {
      env: {
        ...process.env,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        ELECTRON_OVERRIDE_DIST_PATH: path.join(folder, 'nothing here'),
        LOFI_DATA_DIR: path.join(folder, 'data'),
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    browser = await chromium.launch({
      executablePath: process.env['LOFI_CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
  });
  afterAll(async () => {
    await browser.close();
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('says so, and opens the studio with the project that was named', async () => {
    await expect.poll(() => existsSync(opened), { timeout: 60_000 }).toBe(true);
    expect(words).toContain('Electron is not installed here (npx install-electron fetches it)');
    const url = readFileSync(opened, 'utf8');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    const page = await browser.newPage();
    await page.goto(url);
    await libraryPage(page).rows.nth(1).waitFor();
    expect(await libraryPage(page).rows.count()).toBe(2);
  });

  it('ends at Ctrl-C, with its service', async () => {
    const services = await descendants(child.pid ?? 0, 'service');
    expect(services).toHaveLength(1);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    // What a shell says of a program that ended at Ctrl-C.
    expect(await ended).toBe(130);
    for (const pid of services) expect(() => process.kill(pid, 0)).toThrow();
  });
});
