/**
 * TensorFlow's Python wheel: fetched with pip, which knows the person's package index, proxy and certificates, and unpacked.
 *
 * Everything stays in a folder that the caller names: a wheel that was fetched whole is used again, one with another hash is removed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { runTool } from '#service/engines/tensorflow/tool';

/** TensorFlow's version: of the libraries that are fetched, and of the headers that a binding is compiled against. */
export const VERSION = '2.21.0';
/** Any wheel's libraries are the same whatever Python they are for; one is named so that one hash can be checked. */
const PYTHON_TAG = '311';
const PLATFORM = 'manylinux_2_27_x86_64';
/** The files of TensorFlow that the binding is linked to. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** How often is looked how far it is. */
const LOOK_MS = 500;

/** A wheel on the package index. */
export interface Wheel {
  readonly project: string;
  readonly bytes: number;
  /** SHA-256 in hexadecimal; null: pip's own check against the index alone. */
  readonly sha256: string | null;
}

/** TensorFlow without CUDA. */
export const CPU_WHEEL: Wheel = {
  project: 'tensorflow-cpu',
  bytes: 273_829_956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

/** What an installation without CUDA takes on the disk. */
export const INSTALLED_BYTES = 853_400_000;

/** TensorFlow for CUDA 12. */
export const GPU_WHEEL: Wheel = { project: 'tensorflow', bytes: 620_000_000, sha256: null };

/** Tells how far it is: share of the whole (0 to 1) and what is done. */
export type Say = (fraction: number, text: string) => void;

/**
 * The first Python 3 with pip: `LOFI_PYTHON`, then the usual names.
 * @throws StudioError `engine-unavailable` when there is none
 */
export async function findPython(signal: AbortSignal): Promise<string> {
  const given = process.env['LOFI_PYTHON'];
  for (const name of given === undefined ? ['python3', 'python'] : [given, 'python3', 'python']) {
    const found = await runTool(name, ['-m', 'pip', '--version'], { signal }).catch(() => null);
    signal.throwIfAborted();
    if (found?.includes('pip') === true) return name;
  }
  throw new StudioError(
    'engine-unavailable',
    'Python 3 with pip was not found; TensorFlow is fetched with it. Install Python 3 and pip (Debian: apt install python3-pip), or name another with LOFI_PYTHON, then try again.',
  );
}

/**
 * Downloads the wheel unless it is already there and whole.
 * @param folder `wheels` below it holds the wheel @param say is told shares of the download alone, 0 to 1 @returns the wheel's path
 * @throws StudioError `engine-unavailable` in pip's words, `damaged` for another file than expected, `cancelled`
 */
export async function fetchWheel(
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
      Math.min(1, bytes / wheel.bytes),
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

/**
 * Takes the libraries, and the headers (`include`) where they are asked for, out of the wheel. Python reads the archive, as it is there anyway.
 * @param staging folder that they are put into
 */
export async function unpack(
  python: string,
  wheel: string,
  staging: string,
  { headers, signal }: { readonly headers: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const parts = headers ? [...LIBRARIES, 'include'] : LIBRARIES;
  const script = [
    'import sys, zipfile',
    'archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]',
    'wanted = tuple("tensorflow/" + part for part in sys.argv[3:])',
    'archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])',
  ].join('\n');
  const raw = join(staging, 'raw');
  await mkdir(raw, { recursive: true });
  await runTool(python, ['-c', script, wheel, raw, ...parts], { signal });
  for (const name of parts) await rename(join(raw, 'tensorflow', name), join(staging, name));
  await rm(raw, { recursive: true });
}

/** The CUDA 12 libraries that TensorFlow's own extra names, beside the libraries that look for them. */
export async function fetchCuda(python: string, folder: string, signal: AbortSignal): Promise<void> {
  const tags = ['--only-binary', ':all:', '--python-version', PYTHON_TAG, '--platform', PLATFORM];
  const what = `tensorflow[and-cuda]==${VERSION}`;
  await runTool(python, ['-m', 'pip', 'install', ...tags, '--target', folder, what], { signal });
}
