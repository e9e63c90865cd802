/**
 * The binding of native TensorFlow for the program that is packed, so that who installs that engine there needs no compiler.
 *
 * It is compiled by what `engine install` compiles it with, against the wheel that `engine install` fetches; both stay in `node_modules/.cache`.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { findCompiler, placeBinding } from '#service/engines/tensorflow/binding';
import { hasNativePackage, nativePackageFolder } from '#service/engines/tensorflow/native';
import {
  CPU_WHEEL,
  fetchWheel,
  findPython,
  unpack,
  VERSION,
  type Say,
} from '#service/engines/tensorflow/wheel';
import type { Target } from './packages.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CACHE = path.join(ROOT, 'node_modules/.cache/lofi-studio/tensorflow');

/** Where the wheel stays that packing fetched. */
export const WHEELS = path.join(CACHE, 'wheels');

/**
 * Compiles the binding, or takes the one that was compiled before.
 *
 * @returns its file; undefined where it cannot be made, or TensorFlow not be installed: why is said in one line
 */
export async function buildTensorflowBinding({ platform, arch }: Target): Promise<string | undefined> {
  if (platform !== 'linux' || arch !== 'x64') return undefined;
  try {
    if (process.platform !== platform || process.arch !== arch)
      throw new Error(`this is ${process.platform} ${process.arch}`);
    if (!hasNativePackage()) throw new Error('the npm package @tensorflow/tfjs-node-gpu is not installed');
    return await compileOnce(new AbortController().signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`Native TensorFlow cannot be installed from this package, its binding was not made: ${why}`);
    return undefined;
  }
}

async function compileOnce(signal: AbortSignal): Promise<string> {
  const recipe = await readFile(path.join(ROOT, 'electron/service/engines/tensorflow/binding.ts'));
  const sources = await readFile(path.join(nativePackageFolder(), 'package.json'));
  const name = createHash('sha256').update(VERSION).update(recipe).update(sources).digest('hex').slice(0, 16);
  const made = path.join(CACHE, `binding-${name}.node`);
  if (existsSync(made)) return made;
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(path.join(CACHE, 'staging-'));
  try {
    const compiler = await findCompiler(signal);
    const python = await findPython(signal);
    const wheel = await fetchWheel(python, CACHE, CPU_WHEEL, sayOnce(), signal);
    await unpack(python, wheel, staging, { headers: true, signal });
    await rename(await placeBinding(compiler, staging, signal), made);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return made;
}

const say = (line: string): void => void process.stderr.write(`${line.replaceAll('\n', ' ')}\n`);

/** Tells what is done, but not each megabyte. */
function sayOnce(): Say {
  let last = '';
  return (_share, text) => {
    const what = text.replace(/ \(.*/, '');
    if (what !== last) say(what);
    last = what;
  };
}
