/** Files that commands read and write: clear words when one is missing, and whole files or none when writing. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { FormatFile } from '#core/formats/format';

/** Says what the file system answered, in words. @throws StudioError always */
function fileTrouble(file: string, error: unknown, doing: 'read' | 'write'): never {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const detail = { path: file };
  if (code === 'ENOENT' && doing === 'read') {
    throw new StudioError('not-found', `There is no file ${file}. Check the path.`, detail);
  }
  if (code === 'ENOSPC') {
    throw new StudioError(
      'out-of-space',
      `${file} could not be written: the disk is full. Free some space.`,
      detail,
    );
  }
  const reasons: Readonly<Record<string, string>> = {
    EISDIR: 'it is a folder, and a file was expected',
    ENOTDIR: 'a part of the path is a file, not a folder',
    EEXIST: 'a part of the path is a file, not a folder',
    EACCES: 'access is denied',
    EPERM: 'access is denied',
    EROFS: 'the disk is read-only',
    ENOENT: 'its folder does not exist',
  };
  const done = doing === 'read' ? 'read' : 'written';
  throw new StudioError(
    doing === 'read' ? 'bad-input' : 'not-allowed',
    `${file} could not be ${done}: ${reasons[code] ?? String(error)}.`,
    detail,
  );
}

/** The bytes of a file. @throws StudioError `not-found` or `bad-input` */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    const buffer = await readFile(file);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    return fileTrouble(file, error, 'read');
  }
}

/** Writes beside the file and renames, so that it is whole or not there. @throws StudioError */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}.part`;
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    fileTrouble(file, error, 'write');
  }
}

/** JSON in a file, indented. */
export async function writeJson(file: string, json: unknown): Promise<void> {
  await writeWhole(file, new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`));
}

/** A file as one, a folder as all its files (two levels deep, hidden ones left out), sorted by path. */
export async function readFiles(source: string): Promise<FormatFile[]> {
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    (error: unknown) => fileTrouble(source, error, 'read'),
  );
  if (!isFolder) return [{ path: path.basename(source), bytes: await readBytes(source) }];
  const files: FormatFile[] = [];
  const walk = async (folder: string, prefix: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
      fileTrouble(folder, error, 'read'),
    );
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue;
      const inside = path.join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await walk(inside, `${prefix}${entry.name}/`, depth - 1);
      else if (entry.isFile()) files.push({ path: `${prefix}${entry.name}`, bytes: await readBytes(inside) });
    }
  };
  await walk(source, '', 1);
  return files;
}
