/**
 * Which npm packages a set of packages needs, where they lie, and which of their files a target platform needs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What the program is packed for. */
export interface Target {
  readonly platform: 'linux' | 'win32' | 'darwin';
  readonly arch: 'x64' | 'arm64';
}

/** An installed package. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Its folder below the checkout. */
  readonly dir: string;
}

interface Manifest {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Needed only while installing, or only for types, or for a feature that the program does not use. */
const NOT_NEEDED = [
  /^@types\//,
  /^@webgpu\/types$/,
  /^adm-zip$/,
  /^global-agent$/,
  /^node-addon-api$/,
  /^werift$/,
];

/** What TensorFlow.js loads. The rest belongs to the command line of @tensorflow/tfjs and to the installer of @tensorflow/tfjs-node-gpu, which are not run. */
const NEEDED_BY_TENSORFLOW = /^(@tensorflow\/.*|google-protobuf|long|node-fetch|seedrandom)$/;

/** What is loaded of @tensorflow/tfjs-node-gpu: its back end and its kernels, not its entry (electron/service/engines/tensorflow/native.ts). */
const NATIVE_TENSORFLOW_FILES =
  /^(package\.json|dist\/(register_all_kernels|nodejs_kernel_backend|int64_tensors|kernels\/\w+|proto\/\w+)\.js)$/;

const readManifest = (dir: string): Manifest =>
  JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as Manifest;

/** As Node finds it: in the nearest node_modules upwards. */
function findPackage(name: string, from: string, root: string): string | null {
  for (let dir = from; dir.startsWith(root); dir = path.dirname(dir)) {
    const candidate = path.join(dir, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
  }
  return null;
}

/**
 * All packages that the named ones need at run time, with themselves.
 *
 * @throws Error when one that is needed is not installed
 */
export function packageClosure(
  root: string,
  names: readonly string[],
  target: Target,
): readonly InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const visit = (name: string, from: string, optional: boolean): void => {
    if (NOT_NEEDED.some((pattern) => pattern.test(name))) return;
    const dir = findPackage(name, from, root);
    if (dir === null) {
      if (optional) return;
      throw new Error(`The package ${name} is not installed: run npm ci.`);
    }
    if (found.has(dir)) return;
    const manifest = readManifest(dir);
    found.set(dir, { name, dir, version: manifest.version ?? '', license: manifest.license ?? 'unknown' });
    for (const needed of Object.keys(manifest.dependencies ?? {})) {
      if (!name.startsWith('@tensorflow/') || NEEDED_BY_TENSORFLOW.test(needed)) visit(needed, dir, false);
    }
    for (const extra of Object.keys(manifest.optionalDependencies ?? {})) {
      const platforms = /(darwin|linux|win32)-(x64|arm64)/.exec(extra);
      if (platforms !== null && isForTarget(extra, target)) visit(extra, dir, true);
    }
  };
  for (const name of names) visit(name, root, false);
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Whether a path names no platform, or the target's. */
export function isForTarget(below: string, { platform, arch }: Target): boolean {
  const named = /(darwin|linuxmusl|linux|win32)[-/\\](x64|arm64|universal)/.exec(below);
  return named === null || (named[1] === platform && (named[2] === arch || named[2] === 'universal'));
}

/** Their entry lies in a folder that holds sources elsewhere. */
const RUN_FROM_SRC = /^(debug|long)$/;

const UNUSED_FILES =
  /\.(map|d\.ts|d\.cts|d\.mts|md|c|cc|cpp|h|hpp|gyp|gypi|ts|mm|sh)$|(^|\/)(deps|src|test|tests|docs|example|examples|\.github)\//;

/** Whether a file of a package is needed at run time. @param below path inside the package, with forward slashes */
export function isNeeded(packageName: string, below: string, target: Target): boolean {
  if (/^(license|licence|copying|notice|thirdparty)/i.test(path.posix.basename(below))) return true;
  if (RUN_FROM_SRC.test(packageName) && /^src\/\w+\.js$/.test(below)) return true;
  if (UNUSED_FILES.test(below) || !isForTarget(below, target)) return false;
  if (packageName === '@tensorflow/tfjs-node-gpu')
    return NATIVE_TENSORFLOW_FILES.test(below) && !below.endsWith('_test.js');
  if (packageName === 'google-protobuf' && below.startsWith('google/')) return false;
  // TF.js ships each library seven times; Node takes the file that "main" names.
  if (packageName.startsWith('@tensorflow/') && below.startsWith('dist/')) {
    return /^dist\/tf[\w-]*\.node\.js$/.test(below) || below.endsWith('.wasm');
  }
  return true;
}

/** Every file below a folder but those of nested packages, with forward slashes. */
export function listFiles(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((below) => !below.startsWith('node_modules/'));
}
