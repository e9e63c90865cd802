/**
 * Whether the FFmpeg that is about to be packed may be given to others, read from the library itself.
 *
 * fdk-aac's licence is widely held not to be compatible with the GPL, and x264 and x265 are under the GPL: a library that holds both may be used, but not passed
 * on (docs/decisions/0092). The words that its build left in it are looked for, in whatever files the library consists of, so that this works for
 * every platform without loading anything.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Target } from './packages.ts';

/** What was found. */
export interface MediaLibraryReport {
  /** What FFmpeg's `configure` was called with; null when there is no FFmpeg in these files. */
  readonly configuration: string | null;
  /** Why it may not be given to others; empty when it may. */
  readonly obstacles: readonly string[];
}

const LIBRARY = /\.(node|dll|dylib|so)(\.\d+)*$/;
/** FFmpeg's own list of what `--enable-nonfree` is needed for beside the GPL, and the switch itself. */
const FORBIDDEN_SWITCHES = [
  '--enable-nonfree',
  '--enable-libfdk-aac',
  '--enable-decklink',
  '--enable-libnpp',
  '--enable-cuda-nvcc',
  '--enable-libtls',
];
/** Source files that fdk-aac's assertions name: code that is there, whatever the switches say. */
const FDK_CODE = ['libAACdec/src/', 'libAACenc/src/', 'libfdk-aac'];
const SWITCH = '--enable-';
const LONGEST_CONFIGURATION = 20_000;

/** The longest run of printable text around a switch. */
function configurationIn(bytes: Buffer): string | null {
  const isText = (at: number): boolean => (bytes[at] ?? 0) >= 0x20 && (bytes[at] ?? 0) < 0x7f;
  let longest = '';
  for (let at = bytes.indexOf(SWITCH); at >= 0;) {
    let from = at;
    let to = at;
    while (isText(from - 1) && at - from < LONGEST_CONFIGURATION) from -= 1;
    while (isText(to) && to - at < LONGEST_CONFIGURATION) to += 1;
    if (to - from > longest.length) longest = bytes.toString('latin1', from, to);
    at = bytes.indexOf(SWITCH, to);
  }
  return longest === '' ? null : longest;
}

/** Looks into every library of a folder. */
export function inspectMediaLibrary(folder: string): MediaLibraryReport {
  let configuration: string | null = null;
  const obstacles = new Set<string>();
  for (const name of readdirSync(folder).filter((file) => LIBRARY.test(file))) {
    const bytes = readFileSync(path.join(folder, name));
    const found = configurationIn(bytes);
    if (found !== null && found.length > (configuration?.length ?? 0)) configuration = found;
    for (const word of FORBIDDEN_SWITCHES)
      if (found?.includes(word) === true) obstacles.add(`${name}: ${word}`);
    if (FDK_CODE.some((word) => bytes.includes(word))) obstacles.add(`${name}: code of fdk-aac`);
  }
  if (configuration === null) obstacles.add('no FFmpeg was found in it');
  return { configuration, obstacles: [...obstacles].sort() };
}

/** Where the library of a target lies below a folder with `node_modules`. */
export function mediaLibraryDir(root: string, { platform, arch }: Target): string {
  const base = path.join(root, 'node_modules/@seydx', `node-av-${platform}-${arch}`);
  return platform === 'win32' && !existsSync(base) ? `${base}-msvc` : base;
}

/**
 * @throws Error when the library may not be given to others, with what to do instead
 */
export function mustBeDistributable(folder: string): void {
  const { obstacles } = inspectMediaLibrary(folder);
  if (obstacles.length === 0) return;
  throw new Error(
    `The media library in ${folder} may not be given to others (${obstacles.join('; ')}). ` +
      'Build one without these parts (docs/packaging.md) and name its folder with --media-library FOLDER, ' +
      'or make an installer for this machine alone with --private.',
  );
}
