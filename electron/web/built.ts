/**
 * Where the built page and script lie, and building them first in a checkout whose sources are newer. In the installed program they
 * are simply there.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { StudioError } from '#core/contract/errors';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SOURCE_FOLDERS = ['renderer', 'core', 'electron'];
const BUILD_SCRIPT = path.join(ROOT, 'resources/build/build.ts');

/** Last change among the sources of a folder, in milliseconds. */
async function newest(folder: string): Promise<number> {
  let latest = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.test.ts')) continue;
    latest = Math.max(latest, (await stat(path.join(entry.parentPath, entry.name))).mtimeMs);
  }
  return latest;
}

const changedAt = (file: string): Promise<number> =>
  stat(file).then(
    (found) => found.mtimeMs,
    () => 0,
  );

function runBuild(log: (line: string) => void, parts: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BUILD_SCRIPT, ...parts], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      log(words.trim());
      if (code === 0) resolve();
      else reject(new StudioError('internal', `The screens could not be built:\n${words.slice(-2000)}`));
    });
  });
}

/** Builds what is missing or older than its sources; does nothing in the installed program. @param parts of resources/build/build.ts */
export async function ensureBuilt(log: (line: string) => void, parts: readonly string[]): Promise<void> {
  if ((await changedAt(BUILD_SCRIPT)) === 0) return;
  const outputs: Readonly<Record<string, string>> = {
    page: 'dist/renderer/index.html',
    web: 'dist/web/shell.js',
    electron: 'dist/main/index.cjs',
    node: 'dist/service/index.mjs',
    cli: 'dist/cli/index.mjs',
  };
  const sources = Math.max(
    ...(await Promise.all(SOURCE_FOLDERS.map((folder) => newest(path.join(ROOT, folder))))),
  );
  const stale: string[] = [];
  for (const part of parts) {
    if ((await changedAt(path.join(ROOT, outputs[part] ?? ''))) < sources) stale.push(part);
  }
  if (stale.length === 0) return;
  log('Building the screens (only after a change) …');
  await runBuild(log, stale);
}

/** Folder of the built page. */
export const RENDERER_DIR = path.join(ROOT, 'dist/renderer');

/** The built script that makes `window.studio`. */
export function clientScript(): Promise<string> {
  return readFile(path.join(ROOT, 'dist/web/shell.js'), 'utf8');
}
