/**
 * `npm start`: the desktop program where Electron's binary is, else the same studio in the browser.
 *
 * Since Electron 42 the package no longer fetches its binary while installing, and a machine may not reach the place it comes from: then nothing is
 * lost but the window of its own.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ensureBuilt } from '#web/built';
import { main } from './index.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The pinned Electron's binary, where it has been fetched; null otherwise. `ELECTRON_OVERRIDE_DIST_PATH` names another folder, as for Electron's own package. */
function electronBinary(): string | null {
  const below: Partial<Record<NodeJS.Platform, string>> = {
    win32: 'electron.exe',
    darwin: 'Electron.app/Contents/MacOS/Electron',
  };
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(ROOT, 'node_modules/electron/dist');
  const binary = path.join(folder, below[process.platform] ?? 'electron');
  return existsSync(binary) ? binary : null;
}

function runDesktop(binary: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [ROOT, ...args], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const binary = electronBinary();
  if (binary !== null) {
    await ensureBuilt((line) => process.stderr.write(`${line}\n`), ['page', 'electron', 'node']);
    process.exitCode = await runDesktop(binary, args);
  } else {
    process.stderr.write(
      'Electron is not installed here (npx install-electron fetches it): opening the studio in the browser.\n',
    );
    process.exitCode = await main(['serve', '--open', ...args]);
  }
  process.exit();
}
