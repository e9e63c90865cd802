/**
 * `engine install tensorflow`: fetches TensorFlow's Python wheel with pip, takes its libraries, compiles tfjs-node's binding against them.
 *
 * Everything happens in the user's data folder. The wheel stays there until it is used, so a broken download or build continues where it
 * ended; a wheel with another hash is refused; the finished folder appears by one rename, so a kill leaves nothing half installed.
 */
import type { JobProgress } from '#core/train/job';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { engineFolder } from '#service/engines/paths';
import { runTool } from '#service/engines/tensorflow/tool';
import { MANIFEST_FILE, installationFolder, readInstallation } from './installation.ts';
import { BINDING_FILE, hasNativePackage, nativePackageFolder } from './native.ts';

const VERSION = '2.21.0';
/** Any wheel's libraries are the same whatever Python they are for; one is named so that one hash can be checked. */
const PYTHON_TAG = '311';
const PLATFORM = 'manylinux_2_27_x86_64';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** Share of an installation that the download is. */
const DOWNLOADED = 0.6;
/** How often is looked how far it is. */
const LOOK_MS = 500;

interface Wheel {
  readonly project: string;
  readonly bytes: number;
  /** SHA-256 in hexadecimal; null: pip's own check against the index alone. */
  readonly sha256: string | null;
}

const CPU_WHEEL: Wheel = {
  project: 'tensorflow-cpu',
  bytes: 273_829_956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

const GPU_WHEEL: Wheel = { project: 'tensorflow', bytes: 620_000_000, sha256: null };

/** How an installation is run. */
export interface InstallOptions {
  /** Take the CUDA 12 wheels. */
  readonly gpu: boolean;
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
}

/** Whether the installer knows this platform. */
export function installerTarget():
  { readonly supported: true } | { readonly supported: false; readonly reason: string } {
  if (process.platform === 'linux' && process.arch === 'x64') return { supported: true };
  const reason = `Native TensorFlow can be installed on Linux x64; this is ${process.platform} ${process.arch}.`;
  return { supported: false, reason };
}

/**
 * Installs an engine.
 * @throws StudioError `engine-unavailable` without Python, pip or a compiler; `damaged` for a wheel with another hash; `cancelled`
 */
export async function installEngine(name: 'tensorflow', options: InstallOptions): Promise<void> {
  const target = installerTarget();
  if (!target.supported)
    throw new StudioError('engine-unavailable', `${target.reason} Use the default engine.`, { name });
  if (!hasNativePackage()) {
    throw new StudioError(
      'engine-unavailable',
      'The npm package @tensorflow/tfjs-node-gpu is not there. Run "npm install" with optional dependencies, then try again.',
    );
  }
  const folder = engineFolder(name);
  const staging = join(folder, 'staging');
  const wheel = options.gpu ? GPU_WHEEL : CPU_WHEEL;
  const say = reporter(options);
  await mkdir(folder, { recursive: true });
  await rm(staging, { recursive: true, force: true });
  const python = await findPython(options.signal);
  // Before the long download: what would be missing after it.
  const builder = await findBuilder(options.signal);
  const file = await fetchWheel(python, folder, wheel, say, options.signal);
  say(DOWNLOADED, 'Unpacking TensorFlow');
  await unpack(python, file, staging, options.signal);
  if (options.gpu) {
    say(0.7, 'Downloading the CUDA libraries');
    await fetchCuda(python, join(staging, 'cuda'), options.signal);
  }
  say(0.8, 'Compiling the binding');
  await compile(builder, staging, options.signal);
  say(0.95, 'Checking the installation');
  await rm(join(staging, 'include'), { recursive: true, force: true });
  await finish(staging, options.gpu);
  await rm(join(folder, 'wheels'), { recursive: true, force: true });
  say(1, 'Native TensorFlow is installed');
}

type Say = (fraction: number, text: string) => void;

function reporter({ progress }: InstallOptions): Say {
  return (fraction, text) => {
    progress({
      fraction,
      step: 'install',
      text,
      done: Math.round(fraction * 100),
      total: 100,
      unit: '%',
      secondsLeft: null,
    });
  };
}

/** The first Python 3 with pip: `LOFI_PYTHON`, then the usual names. */
async function findPython(signal: AbortSignal): Promise<string> {
  const given = process.env['LOFI_PYTHON'];
  for (const name of given === undefined ? ['python3', 'python'] : [given, 'python3', 'python']) {
    const found = await runTool(name, ['-m', 'pip', '--version'], { signal }).catch(() => null);
    signal.throwIfAborted();
    if (found?.includes('pip') === true) return name;
  }
  throw new StudioError(
    'engine-unavailable',
    'Python 3 with pip was not found; TensorFlow is fetched with it. Install Python 3 and pip, or name another with LOFI_PYTHON, then try again.',
  );
}

/** Downloads the wheel unless it is already there and whole. @returns its path */
async function fetchWheel(
  python: string,
  folder: string,
  wheel: Wheel,
  say: Say,
  signal: AbortSignal,
): Promise<string> {
  const wheels = join(folder, 'wheels');
  await mkdir(wheels, { recursive: true });
  const ready = await findWheel(wheels, wheel);
  if (ready !== null) return ready;
  const partial = join(folder, 'wheels.part');
  await rm(partial, { recursive: true, force: true });
  const tags = ['--only-binary', ':all:', '--python-version', PYTHON_TAG, '--platform', PLATFORM];
  const what = `${wheel.project}==${VERSION}`;
  const total = Math.round(wheel.bytes / 1e6);
  const tell = (bytes: number): void =>
    say(
      Math.min(DOWNLOADED, (DOWNLOADED * bytes) / wheel.bytes),
      `Downloading ${wheel.project} ${VERSION} (${Math.min(total, Math.round(bytes / 1e6))} of ${total} MB)`,
    );
  tell(0);
  await mkdir(partial);
  // pip says nothing that can be relied on while it downloads; but it writes into the folder for temporary files.
  const watch = setInterval(() => void bytesIn(partial).then(tell, () => undefined), LOOK_MS);
  try {
    const pip = ['-m', 'pip', 'download', '--no-deps', ...tags, '-d', partial, what];
    await runTool(python, pip, { signal, env: { TMPDIR: partial } });
  } finally {
    clearInterval(watch);
  }
  for (const name of await readdir(partial))
    if (name.endsWith('.whl')) await rename(join(partial, name), join(wheels, name));
  await rm(partial, { recursive: true, force: true });
  const fetched = await findWheel(wheels, wheel);
  if (fetched === null) {
    throw new StudioError(
      'damaged',
      `The download of ${what} is not the file that was expected; it was removed. Try again.`,
    );
  }
  return fetched;
}

/** Bytes of all files below a folder. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile() === true) bytes += found.size;
  }
  return bytes;
}

/** The whole wheel in a folder; one with another hash is removed. */
async function findWheel(folder: string, wheel: Wheel): Promise<string | null> {
  const prefix = `${wheel.project.replaceAll('-', '_')}-${VERSION}-`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith('.whl')) continue;
    const path = join(folder, name);
    if (wheel.sha256 === null || (await sha256(path)) === wheel.sha256) return path;
    await rm(path);
  }
  return null;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Takes libraries and headers out of the wheel. Python reads the archive, as it is there anyway. */
async function unpack(python: string, wheel: string, staging: string, signal: AbortSignal): Promise<void> {
  const script = [
    'import sys, zipfile',
    'archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]',
    `wanted = tuple("tensorflow/" + part for part in ("include/", ${LIBRARIES.map((name) => `"${name}"`).join(', ')}))`,
    'archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])',
  ].join('\n');
  const raw = join(staging, 'raw');
  await mkdir(raw, { recursive: true });
  await runTool(python, ['-c', script, wheel, raw], { signal });
  for (const name of [...LIBRARIES, 'include'])
    await rename(join(raw, 'tensorflow', name), join(staging, name));
  await rm(raw, { recursive: true });
}

/** The CUDA 12 libraries that TensorFlow's own extra names, beside the libraries that look for them. */
async function fetchCuda(python: string, folder: string, signal: AbortSignal): Promise<void> {
  const tags = ['--only-binary', ':all:', '--python-version', PYTHON_TAG, '--platform', PLATFORM];
  const what = `tensorflow[and-cuda]==${VERSION}`;
  await runTool(python, ['-m', 'pip', 'install', ...tags, '--target', folder, what], { signal });
}

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

/** Where the binding comes from: the prebuilt one that packaged programs ship, or a compiler and Node's headers. */
type Builder =
  | { readonly prebuilt: string }
  | { readonly prebuilt: null; readonly compiler: string; readonly headers: string };

async function findBuilder(signal: AbortSignal): Promise<Builder> {
  const prebuilt = process.env['LOFI_TENSORFLOW_BINDING'];
  if (prebuilt !== undefined && existsSync(prebuilt)) return { prebuilt };
  const compiler = process.env['CXX'] ?? 'g++';
  const found = await runTool(compiler, ['--version'], { signal }).catch(() => null);
  signal.throwIfAborted();
  if (found === null) {
    throw new StudioError(
      'engine-unavailable',
      'A C++ compiler was not found. Install g++ (Debian: apt install g++), or name one with CXX, then try again.',
    );
  }
  return { prebuilt: null, compiler, headers: nodeHeaders() };
}

async function compile(builder: Builder, staging: string, signal: AbortSignal): Promise<void> {
  const output = join(staging, BINDING_FILE);
  if (builder.prebuilt !== null) {
    await copyFile(builder.prebuilt, output);
    return;
  }
  const sources = nativePackageFolder();
  const paths = [sources, join(staging, 'include'), builder.headers].map((path) => `-I${path}`);
  await runTool(
    builder.compiler,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', ...paths],
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, 'binding', name)),
      ...['-o', output, `-L${staging}`, ...LIBRARIES.map((name) => `-l:${name}`), '-Wl,-rpath,$ORIGIN'],
    ],
    { signal },
  );
}

/** Writes the manifest and gives the folder its name. */
async function finish(staging: string, gpu: boolean): Promise<void> {
  const files: Record<string, number> = {};
  for (const name of [...LIBRARIES, BINDING_FILE]) files[name] = (await stat(join(staging, name))).size;
  await writeFile(join(staging, MANIFEST_FILE), JSON.stringify({ version: VERSION, gpu, files }, null, 2));
  await readInstallation(staging);
  const current = installationFolder();
  const old = `${current}.old`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(current)) await rename(current, old);
  await rename(staging, current);
  await rm(old, { recursive: true, force: true });
}
