/**
 * Which content a path holds: the fast fingerprint at once, and the hash of every byte in the background.
 *
 * The fingerprint samples large files, so two files could share one. Once every byte of a file has been read, its full hash is kept beside the
 * fingerprint; a file with the same fingerprint and another full hash is from then on named by its own full hash, and so never taken for the
 * other.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash, isHashedWhole } from './contentHash.ts';
import { checkFile } from './files.ts';
import { createByteCache } from '#service/media/byteCache';
import { writeFileWhole } from './wholeFiles.ts';

/** Names contents. */
export interface Identity {
  /** @throws StudioError `bad-input` for a file that is missing or empty */
  hashOf(path: string): Promise<string>;
  /** When every file asked for so far has been read whole. */
  settled(): Promise<void>;
}

/** What is kept of a fingerprint: the full hash of the first file that had it, and those of files since. */
interface FullRecord {
  readonly sha256: string;
  /** Full hash by path, size and time of change. */
  readonly files: Readonly<Record<string, string>>;
}

/** Files whose name is kept in memory. */
const NAMES_KEPT = 1000;
/** Files remembered for one fingerprint. */
const FILES_KEPT = 8;

/** A file that changed is another file: the key holds its size and time of change. */
async function keyOf(path: string): Promise<{ key: string; size: number }> {
  checkFile(path);
  const { size, mtimeMs, ino } = await stat(path);
  return { key: `${path}|${size}|${mtimeMs}|${ino}`, size };
}

/**
 * @param folder where full hashes are kept
 * @param readWhole makes a full hash; null where only fingerprints are wanted
 */
export function createIdentity(
  folder: string,
  readWhole: ((path: string) => Promise<string>) | null,
): Identity {
  const names = createByteCache<string>(NAMES_KEPT);
  let work: Promise<void> = Promise.resolve();

  const fileOf = (fast: string): string => join(folder, `${fast}.json`);
  const read = (fast: string): Promise<FullRecord | null> =>
    readFile(fileOf(fast), 'utf8').then(
      (text) => JSON.parse(text) as FullRecord,
      () => null,
    );
  const nameIn = (record: FullRecord | null, key: string, fast: string): string => {
    const own = record?.files[key];
    return own === undefined || own === record?.sha256 ? fast : own.slice(0, 40);
  };

  const confirm = async (path: string, key: string, fast: string): Promise<void> => {
    if (readWhole === null || (await keyOf(path)).key !== key) return;
    const full = await readWhole(path);
    // Changed while it was read: the next question starts anew.
    if ((await keyOf(path)).key !== key) return;
    const before = await read(fast);
    const files = Object.entries({ ...before?.files, [key]: full }).slice(-FILES_KEPT);
    const record: FullRecord = { sha256: before?.sha256 ?? full, files: Object.fromEntries(files) };
    await writeFileWhole(fileOf(fast), JSON.stringify(record));
    names.set(key, nameIn(record, key, fast), 1);
  };

  return {
    hashOf: async (path) => {
      const { key, size } = await keyOf(path);
      const known = names.get(key);
      if (known !== undefined) return known;
      const fast = await contentHash(path);
      const record = readWhole === null || isHashedWhole(size) ? null : await read(fast);
      const name = nameIn(record, key, fast);
      names.set(key, name, 1);
      if (readWhole !== null && !isHashedWhole(size) && record?.files[key] === undefined)
        work = work.then(() => confirm(path, key, fast).catch(() => undefined));
      return name;
    },
    settled: () => work,
  };
}
