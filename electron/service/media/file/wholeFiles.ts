/**
 * Files that are whole or not there: written under another name, flushed to the disk, then renamed.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { StudioError } from '#core/contract/errors';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Writes a file atomically and makes its folder. @throws StudioError `out-of-space` */
export async function writeFileWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (codeOf(error) === 'ENOSPC') {
      throw new StudioError(
        'out-of-space',
        `There is no space left to write ${path}. Free some space and resume.`,
        { path },
      );
    }
    throw error;
  }
}

/** Reads a file; null when it is not there. */
export async function readFileIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
