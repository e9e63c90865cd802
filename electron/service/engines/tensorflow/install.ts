/**
 * `engine install tensorflow`: fetches TensorFlow's Python wheel with pip, takes its libraries, puts tfjs-node's binding beside them.
 *
 * Everything happens in the user's data folder. The wheel stays there until it is used, so a broken download or build continues where it
 * ended; a wheel with another hash is refused; the finished folder appears by one rename, so a kill leaves nothing half installed.
 */
import type { JobProgress } from '#core/train/job';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { engineFolder } from '#service/engines/paths';
import { findBinding, placeBinding } from './binding.ts';
import { MANIFEST_FILE, installationFolder, readInstallation } from './installation.ts';
import { BINDING_FILE, hasNativePackage } from './native.ts';
import {
  CPU_WHEEL,
  GPU_WHEEL,
  LIBRARIES,
  VERSION,
  fetchCuda,
  fetchWheel,
  findPython,
  unpack,
  type Say,
} from './wheel.ts';

/** Share of an installation that the download is. */
const DOWNLOADED = 0.6;

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
  const { signal } = options;
  const folder = engineFolder(name);
  const staging = join(folder, 'staging');
  const wheel = options.gpu ? GPU_WHEEL : CPU_WHEEL;
  const say = reporter(options);
  await mkdir(folder, { recursive: true });
  await rm(staging, { recursive: true, force: true });
  const python = await findPython(signal);
  // Before the long download: what would be missing after it.
  const binding = await findBinding(signal);
  const compiled = !('prebuilt' in binding);
  const download: Say = (share, text) => say(DOWNLOADED * share, text);
  const file = await fetchWheel(python, folder, wheel, download, signal);
  say(DOWNLOADED, 'Unpacking TensorFlow');
  await unpack(python, file, staging, { headers: compiled, signal });
  if (options.gpu) {
    say(0.7, 'Downloading the CUDA libraries');
    await fetchCuda(python, join(staging, 'cuda'), signal);
  }
  if (compiled) say(0.8, 'Compiling the binding');
  await placeBinding(binding, staging, signal);
  say(0.9, 'Checking the installation');
  await rm(join(staging, 'include'), { recursive: true, force: true });
  await finish(staging, options.gpu);
  await rm(join(folder, 'wheels'), { recursive: true, force: true });
  say(0.95, 'Native TensorFlow is installed');
}

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
