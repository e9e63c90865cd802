/**
 * Finds moved or renamed videos again, by content. A file of the same name with other content is never taken for the old one.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { contentHash } from './contentHash.ts';

/** What is known of a video that is not where it was. */
export interface LostVideo {
  readonly path: string;
  readonly contentHash: string;
  /** Size in bytes where it is known: spares hashing of other files. */
  readonly bytes?: number;
}

/** How a known video's file stands. */
export type FileState = 'there' | 'missing' | 'changed';

/** Whether the file at a path is still the video that it was. */
export async function stateOf({ path, contentHash: known, bytes }: LostVideo): Promise<FileState> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile()) return 'missing';
  if (bytes !== undefined && info.size !== bytes) return 'changed';
  return (await contentHash(path)) === known ? 'there' : 'changed';
}

/** The error for a file whose content is not the one that labels were made on. */
export function changedFile(path: string): StudioError {
  return new StudioError(
    'bad-input',
    `${basename(path)} has changed since it was added: another content lies under its name. Its labels belong to the old content. Put the old file back or show where it is, or add this one as a new video under another name.`,
    { path, changed: true },
  );
}

/**
 * Refuses a file that is not the one that it was.
 *
 * @throws StudioError `not-found` when it is missing, `bad-input` when it has changed
 */
export async function requireUnchanged(video: LostVideo): Promise<void> {
  const state = await stateOf(video);
  if (state === 'missing') {
    throw new StudioError('not-found', `There is no file ${video.path}. Show where it is now.`, {
      path: video.path,
    });
  }
  if (state === 'changed') throw changedFile(video.path);
}

/** How far a search goes. */
export interface RelinkOptions {
  /** Folders below the given ones. */
  readonly depth?: number;
  /** Files that are looked at, at most. */
  readonly maxFiles?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (seen: number) => void;
}

/**
 * Looks for lost videos below folders.
 *
 * Files of the same name are tried first; then, where sizes are known, those of the same size; without sizes, those of the same ending.
 *
 * @returns path by content hash, only for those that were found
 */
export async function findMoved(
  lost: readonly LostVideo[],
  folders: readonly string[],
  { depth = 6, maxFiles = 20_000, signal, onProgress }: RelinkOptions = {},
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const wanted = new Map(lost.map((video) => [video.contentHash, video]));
  const sizes = new Set(lost.map((video) => video.bytes));
  const names = new Set(lost.map((video) => basename(video.path)));
  const endings = new Set(lost.map((video) => extname(video.path).toLowerCase()));
  const candidates: { path: string; sameName: boolean }[] = [];
  let seen = 0;
  const walk = async (folder: string, level: number): Promise<void> => {
    signal?.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (seen >= maxFiles) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && level < depth && !entry.name.startsWith('.')) await walk(path, level + 1);
      else if (entry.isFile()) {
        seen += 1;
        if (seen % 200 === 0) onProgress?.(seen);
        const sameName = names.has(entry.name);
        if (!sameName && !endings.has(extname(entry.name).toLowerCase())) continue;
        const info = await stat(path).catch(() => null);
        if (info !== null && (sizes.has(info.size) || sizes.has(undefined)))
          candidates.push({ path, sameName });
      }
    }
  };
  for (const folder of folders) await walk(folder, 0);
  candidates.sort((a, b) => Number(b.sameName) - Number(a.sameName));
  for (const { path } of candidates) {
    signal?.throwIfAborted();
    if (found.size === wanted.size) break;
    const hash = await contentHash(path).catch(() => '');
    if (wanted.has(hash) && !found.has(hash)) found.set(hash, path);
  }
  return found;
}
