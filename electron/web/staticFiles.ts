/**
 * The built page's files: known types only, nothing outside the folder, whatever the address says.
 */
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** A file as it is sent. */
export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * Reads a file of the built page.
 *
 * @param urlPath with a leading slash; `/` is the page itself
 * @returns null when there is no such file, when it lies outside the folder or is of no known type
 */
export async function readStaticFile(folder: string, urlPath: string): Promise<StaticFile | null> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  const name = decoded === '/' ? '/index.html' : decoded;
  const type = TYPES[path.extname(name)];
  if (type === undefined || name.includes('\0')) return null;
  try {
    const root = await realpath(folder);
    const file = await realpath(path.join(root, name));
    if (!file.startsWith(root + path.sep)) return null;
    return { type, bytes: await readFile(file) };
  } catch {
    return null;
  }
}
