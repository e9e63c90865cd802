/**
 * tfjs-node's binding: the one that packed programs bring, or one that is compiled here against a wheel's headers and libraries.
 *
 * It is Node-API 8, so any Node from 18 on loads it, and it looks for TensorFlow's libraries beside itself.
 */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { runTool } from '#service/engines/tensorflow/tool';
import { BINDING_FILE, nativePackageFolder } from './native.ts';
import { LIBRARIES, VERSION } from './wheel.ts';

/** Where the binding of a packed program lies, below the npm package's folder: named by the TensorFlow that it was compiled against. */
export const PREBUILT_BINDING = join('lib', `tensorflow-${VERSION}`, BINDING_FILE);

/** What compiles the binding. */
export interface Compiler {
  readonly compiler: string;
  /** Folder with `node_api.h`. */
  readonly headers: string;
}

/** Where the binding comes from: prebuilt, or from a compiler. */
export type BindingSource = { readonly prebuilt: string } | Compiler;

/** Folder that holds `node_api.h`; `LOFI_NODE_HEADERS` names one. */
function nodeHeaders(): string {
  const require = createRequire(import.meta.url);
  const given = process.env['LOFI_NODE_HEADERS'];
  const usual = [
    () => join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
    () => join(dirname(process.execPath), '..', 'include', 'node'),
    () => '/usr/include/node',
    () => '/usr/local/include/node',
  ];
  for (const candidate of given === undefined ? usual : [() => given]) {
    try {
      const folder = candidate();
      if (existsSync(join(folder, 'node_api.h'))) return folder;
    } catch {
      // not this one
    }
  }
  throw new StudioError(
    'engine-unavailable',
    'Node’s headers (node_api.h) were not found. Install them (Debian: libnode-dev; npm: node-api-headers), or name their folder with LOFI_NODE_HEADERS, then try again.',
  );
}

/**
 * The binding's source on this machine.
 * @throws StudioError `engine-unavailable` when it would have to be compiled and something for that is missing
 */
export async function findBinding(signal: AbortSignal): Promise<BindingSource> {
  const prebuilt = join(nativePackageFolder(), PREBUILT_BINDING);
  return existsSync(prebuilt) ? { prebuilt } : findCompiler(signal);
}

/**
 * A C++ compiler (`CXX`, then g++) and Node's headers.
 * @throws StudioError `engine-unavailable` when one is missing
 */
export async function findCompiler(signal: AbortSignal): Promise<Compiler> {
  const compiler = process.env['CXX'] ?? 'g++';
  const found = await runTool(compiler, ['--version'], { signal }).catch(() => null);
  signal.throwIfAborted();
  if (found === null) {
    throw new StudioError(
      'engine-unavailable',
      'A C++ compiler was not found. Install g++ (Debian: apt install g++), or name one with CXX, then try again.',
    );
  }
  return { compiler, headers: nodeHeaders() };
}

/**
 * Puts the binding beside the libraries of an unpacked wheel.
 * @param staging folder with the libraries and, for a compiler, the headers @returns its path
 */
export async function placeBinding(
  source: BindingSource,
  staging: string,
  signal: AbortSignal,
): Promise<string> {
  const output = join(staging, BINDING_FILE);
  if ('prebuilt' in source) {
    await copyFile(source.prebuilt, output);
    return output;
  }
  const sources = nativePackageFolder();
  const paths = [sources, join(staging, 'include'), source.headers].map((path) => `-I${path}`);
  await runTool(
    source.compiler,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', ...paths],
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, 'binding', name)),
      ...['-o', output, `-L${staging}`, ...LIBRARIES.map((name) => `-l:${name}`), '-Wl,-rpath,$ORIGIN'],
    ],
    { signal },
  );
  return output;
}
