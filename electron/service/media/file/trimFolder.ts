/**
 * Keeps a folder of derived files within a number of bytes: the least recently used go first.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of the files with an ending. */
async function filesOf(
  folder: string,
  ending: string,
): Promise<{ readonly path: string; readonly bytes: number; readonly usedMs: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith(ending))
      .map(async (name) => {
        const path = join(folder, name);
        const info = await stat(path).catch(() => null);
        return info === null ? null : { path, bytes: info.size, usedMs: info.mtimeMs };
      }),
  );
  return found.filter((item) => item !== null);
}

/**
 * Removes what is over the limit.
 *
 * @param keep paths that stay whatever they take
 * @returns bytes that are left
 */
export async function trimFolder(
  folder: string,
  ending: string,
  maxBytes: number,
  keep: ReadonlySet<string>,
): Promise<number> {
  const files = (await filesOf(folder, ending)).sort((a, b) => a.usedMs - b.usedMs);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files) {
    if (bytes <= maxBytes) break;
    if (keep.has(file.path)) continue;
    await rm(file.path, { force: true });
    bytes -= file.bytes;
  }
  return bytes;
}
