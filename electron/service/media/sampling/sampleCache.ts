/**
 * Sampled frames on the disk, one file for each video, side, fit and set of frames, bounded by bytes: the least recently used go first.
 *
 * Can be deleted at any time. A file is written under another name and renamed, so that what is there is whole.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '#service/media/indexFile';
import type { Fit } from '#service/media/picture';

/** What names a cached array. */
export interface SampleKey {
  readonly contentHash: string;
  readonly frameIndices: Int32Array;
  readonly side: number;
  readonly fit: Fit;
}

/** A cache of sampled frames. */
export interface SampleCache {
  /** uint8 RGB `[N, side, side, 3]`: from the disk, else made and kept. */
  get(key: SampleKey, make: () => Promise<Uint8Array>): Promise<Uint8Array>;
  /** Bytes on the disk. */
  size(): Promise<number>;
  /** Removes what is over the limit, oldest use first. */
  trim(): Promise<void>;
}

const ENDING = '.rgb';

/** Opens a cache in a folder of its own. */
export function openSampleCache(folder: string, maxBytes: number): SampleCache {
  const fileOf = ({ contentHash, frameIndices, side, fit }: SampleKey): string => {
    const frames = createHash('sha256')
      .update(new Uint8Array(frameIndices.buffer, frameIndices.byteOffset, frameIndices.byteLength))
      .digest('hex')
      .slice(0, 16);
    return join(folder, `${contentHash}-${side}-${fit}-${frames}${ENDING}`);
  };
  const list = async (): Promise<{ path: string; bytes: number; usedMs: number }[]> => {
    const names = await readdir(folder).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith(ENDING))
        .map(async (name) => {
          const path = join(folder, name);
          const info = await stat(path).catch(() => null);
          return info === null ? null : { path, bytes: info.size, usedMs: info.mtimeMs };
        }),
    );
    return found.filter((item) => item !== null);
  };
  const trim = async (): Promise<void> => {
    const files = (await list()).sort((a, b) => a.usedMs - b.usedMs);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      if (bytes <= maxBytes) break;
      await rm(file.path, { force: true });
      bytes -= file.bytes;
    }
  };
  return {
    get: async (key, make) => {
      const path = fileOf(key);
      const wanted = key.frameIndices.length * key.side * key.side * 3;
      const there = await readFile(path).catch(() => null);
      if (there?.length === wanted) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        return there;
      }
      const made = await make();
      if (made.length <= maxBytes) {
        await mkdir(folder, { recursive: true });
        await writeWhole(path, made);
        await trim();
      }
      return made;
    },
    size: async () => (await list()).reduce((sum, file) => sum + file.bytes, 0),
    trim,
  };
}
