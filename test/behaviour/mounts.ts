/**
 * Small disks for tests of trouble: tmpfs and bind mounts, where the system lets the test make them.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const mounts: string[] = [];

/** Mounts something; false where that is not allowed. */
export function mount(args: readonly string[], at: string): boolean {
  fs.mkdirSync(at, { recursive: true });
  try {
    execFileSync('mount', [...args, at], { stdio: 'pipe' });
    mounts.push(at);
    return true;
  } catch {
    return false;
  }
}

/** Gives a mounted disk other options, e.g. `size=40m`. */
export function remount(options: string, at: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, at]);
}

/** Takes away everything that was mounted. */
export function unmountAll(): void {
  for (const at of mounts.splice(0)) execFileSync('umount', ['-l', at]);
}

/** Whether tests may mount here. */
export const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-mount-'));
  try {
    if (!mount(['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs'], at)) return false;
    unmountAll();
    return true;
  } finally {
    fs.rmSync(at, { recursive: true, force: true });
  }
})();
