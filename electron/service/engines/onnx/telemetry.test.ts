import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi telemetry ü '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ONNX Runtime', () => {
  it('keeps no identifier of the machine and no reports, in the process and in the threads of the encoder', () => {
    const home = path.join(folder, 'home');
    mkdirSync(home, { recursive: true });
    // Nothing here would silence the library by itself, as `CI` does. It could reach nobody: the proxy is not there.
    const words = execFileSync(
      process.execPath,
      ['electron/cli/index.ts', 'engine', 'test', 'onnx', '--json'],
      {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          XDG_CACHE_HOME: home,
          LOFI_DATA_DIR: path.join(folder, 'data'),
          https_proxy: 'http://127.0.0.1:9',
        },
      },
    );
    expect(words).toMatch(/onnx/i);
    const files = readdirSync(home, { recursive: true });
    expect(files.filter((file) => /microsoft|onnxruntime/i.test(String(file)))).toEqual([]);
  });
});
