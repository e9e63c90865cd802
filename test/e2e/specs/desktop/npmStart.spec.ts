/** `npm start` where Electron's binary is: the desktop program, with the project that is named. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyProgram, PACKED } from '../../fixtures/desktop.ts';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { descendants } from '../../fixtures/processes.ts';

const START = path.resolve(import.meta.dirname, '../../../../electron/cli/start.ts');

describe.runIf(PACKED === null)('npm start where Electron is', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi start ü-'));
  let child: ChildProcess;
  let words = '';

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
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (words += chunk.toString()));
  });
  afterAll(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Answers of the window's page to an expression; null until there is one. */
  async function inWindow(expression: string): Promise<unknown> {
    const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(words)?.[1];
    if (port === undefined) return null;
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
      readonly type: string;
      readonly webSocketDebuggerUrl: string;
    }[];
    const address = pages.find(({ type }) => type === 'page')?.webSocketDebuggerUrl;
    if (address === undefined) return null;
    const socket = new WebSocket(address);
    try {
      return await new Promise<unknown>((resolve, reject) => {
        socket.onopen = () => {
          const params = { expression, awaitPromise: true, returnByValue: true };
          socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
        };
        socket.onerror = () => reject(new Error('The window does not answer.'));
        socket.onmessage = ({ data }) =>
          resolve(
            (JSON.parse(String(data)) as { result?: { result?: { value?: unknown } } }).result?.result?.value,
          );
      });
    } finally {
      socket.close();
    }
  }

  it('opens a window with the project', async () => {
    await expect
      .poll(() => inWindow(`document.querySelectorAll('[data-testid=video-row]').length`), {
        timeout: 60_000,
      })
      .toBe(2);
    expect(await inWindow(`studio.invoke('app.info', {}).then(({ shell }) => shell)`)).toBe('desktop');
    expect(await descendants(child.pid ?? 0, 'service')).toHaveLength(1);
  });
});
