/**
 * Where the program's processes begin: the sources in a checkout (Node runs TypeScript as it is), the bundles in the packed program.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

const ENTRIES = { service: 'electron/service/entry.ts', worker: 'electron/worker/index.ts' } as const;

/**
 * Entry file of a process.
 *
 * @param root the checkout, or the folder that the packed program keeps its processes in
 */
export function processEntry(
  name: keyof typeof ENTRIES,
  root: string = path.resolve(import.meta.dirname, '../../..'),
): string {
  const source = path.join(root, ENTRIES[name]);
  return existsSync(source) ? source : path.join(root, 'dist', name, 'index.mjs');
}
