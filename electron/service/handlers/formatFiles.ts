/**
 * Annotation files on disk: read as a file or a folder, written whole.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { FormatFile } from '#core/formats/format';

/** @throws StudioError `not-found`, `bad-input` naming the file */
export function readFormatFiles(source: string): FormatFile[] {
  const root = path.resolve(source);
  if (!fs.existsSync(root)) throw new StudioError('not-found', `There is no file ${root}.`, { path: root });
  const read = (file: string, name: string): FormatFile => {
    try {
      return { path: name, bytes: fs.readFileSync(file) };
    } catch (error) {
      throw new StudioError('bad-input', `${file} cannot be read.`, { path: file }, { cause: error });
    }
  };
  if (!fs.statSync(root).isDirectory()) return [read(root, path.basename(root))];
  const walk = (folder: string, prefix: string, depth: number): FormatFile[] =>
    fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const inside = path.join(folder, entry.name);
        if (entry.isDirectory()) return depth > 0 ? walk(inside, `${prefix}${entry.name}/`, depth - 1) : [];
        return entry.isFile() ? [read(inside, `${prefix}${entry.name}`)] : [];
      });
  return walk(root, '', 1);
}

/** Writes one file, or a folder of several. Each is whole or absent. @throws StudioError `read-only`, `out-of-space` */
export function writeFormatFiles(
  target: string,
  files: readonly FormatFile[],
  shape: 'file' | 'folder',
): void {
  const root = path.resolve(target);
  try {
    for (const file of files) {
      const out = shape === 'file' ? root : path.join(root, file.path);
      fs.mkdirSync(path.dirname(out), { recursive: true });
      fs.writeFileSync(`${out}.part`, file.bytes);
      fs.renameSync(`${out}.part`, out);
    }
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new StudioError(
      full ? 'out-of-space' : 'read-only',
      full ? `The disk that holds ${root} is full.` : `${root} cannot be written. Choose another place.`,
      { path: root },
      { cause: error },
    );
  }
}
