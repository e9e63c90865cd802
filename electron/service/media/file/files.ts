/**
 * What can be said of a file before FFmpeg sees it, and how a file that is no usable video is named. Loads nothing native.
 */
import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { StudioError } from '#core/contract/errors';

/** The error for a file that is no usable video. */
export function badVideo(path: string, why: string): StudioError {
  return new StudioError('bad-input', `${basename(path)}: ${why}`, { path });
}

/** Checks what the file system alone can tell. */
export function checkFile(path: string): void {
  if (!existsSync(path)) {
    throw new StudioError('bad-input', `There is no file ${path}. Was it moved or renamed?`, { path });
  }
  const stat = statSync(path);
  if (!stat.isFile()) throw badVideo(path, 'is not a file. Choose a video file.');
  if (stat.size === 0) throw badVideo(path, 'is empty (zero bytes). Copy it again from where it came from.');
}
