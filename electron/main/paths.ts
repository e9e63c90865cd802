/**
 * Where the parts of the program lie: in a checkout below its root, in the packed program beside the archive.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** What main starts and serves. */
export interface ProgramPaths {
  readonly preload: string;
  readonly renderer: string;
  /** The Node binary that runs the service. */
  readonly node: string;
  readonly service: string;
  readonly icon: string;
}

const NODE_BINARY = process.platform === 'win32' ? 'node.exe' : 'node';

/**
 * Finds the parts.
 *
 * @param bundleDir folder of main's own bundle, `dist/main`
 * @param resourcesDir Electron's folder of extra resources; null in a checkout
 */
export function programPaths(bundleDir: string, resourcesDir: string | null): ProgramPaths {
  const root = path.resolve(resourcesDir === null ? realpathSync(bundleDir) : bundleDir, '../..');
  const runtime = resourcesDir === null ? root : path.join(resourcesDir, 'runtime');
  const icon = path.join(runtime, 'resources/icons/icon.png');
  return {
    preload: path.join(root, 'dist/preload/index.cjs'),
    renderer: path.join(root, 'dist/renderer'),
    node:
      resourcesDir === null
        ? path.join(root, 'node_modules/node/bin', NODE_BINARY)
        : path.join(runtime, 'node', NODE_BINARY),
    service: path.join(runtime, 'dist/service/index.mjs'),
    icon: existsSync(icon) ? icon : '',
  };
}
