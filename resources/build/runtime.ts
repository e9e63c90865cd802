/**
 * Puts together what is packed outside the archive: the Node runtime, the processes that it runs, and their native packages, for one platform alone.
 *
 * The tree repeats the checkout's (dist/, resources/, node_modules/), so that every part finds the others as it does there.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PREBUILT_BINDING } from '#service/engines/tensorflow/binding';
import { PACKED_BUNDLES } from './entries.ts';
import { describeLicences } from './licences.ts';
import { inspectMediaLibrary, mediaLibraryDir } from './mediaLibrary.ts';
import { isNeeded, listFiles, packageClosure, type Target } from './packages.ts';

/** Packages that the bundles load at run time. */
export const RUNTIME_PACKAGES = [
  'better-sqlite3',
  'node-av',
  'onnxruntime-node',
  'webgpu',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
];
/** Loaded once the person has installed native TensorFlow: packed with its binding, or not at all. */
export const NATIVE_TENSORFLOW = '@tensorflow/tfjs-node-gpu';
/** Packages that are inside the bundles: nothing of them is copied but their licences. */
const BUNDLED_PACKAGES = [
  'commander',
  'electron-updater',
  'fflate',
  'valibot',
  'ws',
  'yauzl',
  'svelte',
  '@observablehq/plot',
];
const RESOURCES = ['encoders', 'sample', 'icons', 'clusters'];

/** How large the parts are, in bytes. */
export type RuntimeSizes = Readonly<Record<string, number>>;

function folderBytes(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

const SHELL_LAUNCHER = `#!/bin/sh
# The command line of the installed program: lofi-studio COMMAND …
here=$(dirname "$(readlink -f "$0")")
exec "$here/../node/node" "$here/../dist/cli/index.mjs" "$@"
`;
const WINDOWS_LAUNCHER = `@"%~dp0..\\node\\node.exe" "%~dp0..\\dist\\cli\\index.mjs" %*\r\n`;

/** Parts that come from elsewhere. */
export interface RuntimeParts {
  /** The target platform's Node; by default the one that the npm package `node` installed here. */
  readonly nodeBinary?: string | undefined;
  /** Folder with another `node-av.node` and the libraries that it needs beside it; by default the installed package's. */
  readonly mediaLibrary?: string | undefined;
  /** The binding of native TensorFlow (`tensorflowBinding.ts`); without it that engine cannot be installed from the package. */
  readonly tensorflowBinding?: string | undefined;
}

/**
 * Fills `dist/runtime` for a platform.
 *
 * @param root of the checkout, already built
 * @throws Error when a part is missing
 */
export function stageRuntime(
  root: string,
  target: Target,
  { nodeBinary, mediaLibrary, tensorflowBinding }: RuntimeParts = {},
): RuntimeSizes {
  const out = path.join(root, 'dist/runtime');
  rmSync(out, { recursive: true, force: true });
  const copy = (from: string, to: string): void => {
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, dereference: true, filter: (file) => !/\.(map|ts)$/.test(file) });
  };

  for (const name of PACKED_BUNDLES) {
    const built = path.join(root, 'dist', name);
    if (!existsSync(built)) throw new Error(`dist/${name} is missing: run npm run build first.`);
    copy(built, path.join(out, 'dist', name));
  }
  for (const name of RESOURCES) {
    const folder = path.join(root, 'resources', name);
    if (existsSync(folder)) copy(folder, path.join(out, 'resources', name));
  }

  const node = target.platform === 'win32' ? 'node.exe' : 'node';
  const source = nodeBinary ?? path.join(root, 'node_modules/node/bin', node);
  if (!existsSync(source)) throw new Error(`There is no Node binary for ${target.platform} at ${source}.`);
  copy(source, path.join(out, 'node', node));
  chmodSync(path.join(out, 'node', node), 0o755);

  const onRequest = tensorflowBinding === undefined ? [] : [NATIVE_TENSORFLOW];
  const packages = packageClosure(root, [...RUNTIME_PACKAGES, ...onRequest], target);
  for (const { name, dir } of packages) {
    const to = path.join(out, path.relative(root, dir));
    for (const below of listFiles(dir)) {
      if (isNeeded(name, below, target)) copy(path.join(dir, below), path.join(to, below));
    }
  }
  if (tensorflowBinding !== undefined)
    copy(tensorflowBinding, path.join(out, 'node_modules', NATIVE_TENSORFLOW, PREBUILT_BINDING));
  const library = mediaLibraryDir(out, target);
  if (mediaLibrary !== undefined) {
    if (!existsSync(path.join(mediaLibrary, 'node-av.node')))
      throw new Error(`There is no node-av.node in ${mediaLibrary}.`);
    rmSync(path.join(library, 'node-av.node'), { force: true });
    copy(mediaLibrary, library);
  }
  writeFileSync(path.join(out, 'package.json'), '{ "private": true, "type": "module" }\n');
  const all = [...packages, ...packageClosure(root, BUNDLED_PACKAGES, target)];
  const { configuration } = inspectMediaLibrary(library);
  writeFileSync(path.join(out, 'THIRD-PARTY-LICENCES.txt'), describeLicences(all, configuration));
  copy(path.join(root, 'resources/licences'), path.join(out, 'licences'));
  copy(path.join(root, 'LICENSE'), path.join(out, 'LICENSE'));

  mkdirSync(path.join(out, 'bin'), { recursive: true });
  if (target.platform === 'win32') writeFileSync(path.join(out, 'bin/lofi-studio.cmd'), WINDOWS_LAUNCHER);
  else writeFileSync(path.join(out, 'bin/lofi-studio'), SHELL_LAUNCHER, { mode: 0o755 });
  return Object.fromEntries(
    readdirSync(out).map((name) => {
      const part = path.join(out, name);
      return [name, statSync(part).isDirectory() ? folderBytes(part) : readFileSync(part).length];
    }),
  );
}
