/** `npm start` where Electron's binary is: the desktop program, with the project that is named. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyProgram, PACKED } from '../../fixtures/desktop.ts';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { descendants } from '../../fixtures/processes.ts';
import { libraryPage } from '../../pages/library.ts';
import { windowPage } from '../../pages/window.ts';

const START = path.resolve(import.meta.dirname, '../../../../electron/cli/start.ts');

describe.runIf(PACKED === null)('npm start where Electron is', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi start ü-'));
  let child: ChildProcess;
  let browser: Browser | null = null;

  beforeAll(async () => {
    const { project } = await writeKitchen();
    const binary = await copyProgram(path.join(folder, 'electron'));
    child = spawn(process.execPath, [START, '--no-sandbox', '--remote-debugging-port=0', project], {
      env: {
        ...process.env,
        ELECTRON_OVERRIDE_DIST_PATH: path.dirname(binary),
        LOFI_DATA_DIR: path.join(folder, 'data'),
      },
      // A group of its own, so that the window and its service end with it, whatever happens here.
      detached: true,
    });
    let words = '';
    const address = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        words += chunk.toString();
        const [, found] = /DevTools listening on (ws:\S+)/.exec(words) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', (code) => reject(new Error(`It ended with ${code ?? 'a signal'}:\n${words}`)));
    });
    browser = await chromium.connectOverCDP(address);
  });
  afterAll(async () => {
    await browser?.close();
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens a window with the project', async () => {
    const context = browser?.contexts()[0];
    const page = context?.pages()[0] ?? (await context?.waitForEvent('page'));
    if (page === undefined) throw new Error('There is no window.');
    await libraryPage(page).rows.nth(1).waitFor();
    expect((await windowPage(page).ask('app.info', {})).shell).toBe('desktop');
    expect(await descendants(child.pid ?? 0, 'service')).toHaveLength(1);
  });
});
