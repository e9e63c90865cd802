/**
 * `node resources/build/pack.ts [--dir | --private] [--media-library FOLDER] [--platform linux|win32|darwin] [--arch x64|arm64] [--node FILE]
 * [--electron FOLDER] [--electron-version N] [--out FOLDER] [--prepackaged FOLDER]`: packs what `npm run build` made. Each platform is packed on itself, because native packages
 * are installed for the machine they are installed on.
 *
 * `--dir` stops before the installer. `--electron` names a folder with an Electron of its own (tests; machines that cannot fetch one).
 * `--media-library` names a folder with another `node-av.node`; without one, installers are refused while the packaged one may not be given to
 * others (`mediaLibrary.ts`), unless `--private` says that they are for this machine alone. See docs/packaging.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Arch, build, Platform, type Configuration } from 'electron-builder';
import { mediaLibraryDir, mustBeDistributable } from './mediaLibrary.ts';
import type { Target } from './packages.ts';
import { stageRuntime } from './runtime.ts';
import { buildTensorflowBinding } from './tensorflowBinding.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PLATFORMS = { linux: Platform.LINUX, win32: Platform.WINDOWS, darwin: Platform.MAC } as const;
const ARCHS = { x64: Arch.x64, arm64: Arch.arm64 } as const;
const MIB = 1024 * 1024;
/** Electron from which on `file:` can be stripped of its extra privileges. */
const KNOWS_FILE_FUSE = 29;

const PRIVATE_NAME = 'lofi-studio-${version}-${os}-${arch}-private.${ext}';

/** Names of the installers' kinds; `dir` is the unpacked program. */
const INSTALLERS = { linux: ['AppImage', 'deb'], win32: ['nsis'], darwin: ['dmg'] } as const;

/** What can be chosen. */
export interface PackOptions {
  readonly target: Target;
  readonly onlyDir: boolean;
  readonly nodeBinary?: string | undefined;
  /** Folder of an Electron to pack with instead of the pinned one. */
  readonly electronDir?: string | undefined;
  /** Its version, where its folder does not say. */
  readonly electronVersion?: string | undefined;
  readonly output?: string | undefined;
  /** Folder with a media library to pack instead of the installed one. */
  readonly mediaLibrary?: string | undefined;
  /** Installers that nobody else is given: whatever library is there may be in them. */
  readonly privateUse?: boolean | undefined;
  /** An unpacked program that `onlyDir` made before: only installers are made, out of it. */
  readonly prepackaged?: string | undefined;
  /** Which installers; by default all of the platform's. */
  readonly kinds?: readonly string[] | undefined;
  /** Overrides of electron-builder.yml. */
  readonly config?: Configuration;
}

/**
 * Packs the program.
 *
 * @returns what was written
 * @throws Error when an installer for others would hold a media library that may not be given to them
 */
export async function pack(options: PackOptions): Promise<readonly string[]> {
  const isForOthers = !options.onlyDir && options.privateUse !== true;
  if (isForOthers) mustBeDistributable(options.mediaLibrary ?? mediaLibraryDir(ROOT, options.target));
  if (options.prepackaged === undefined) {
    const tensorflowBinding = await buildTensorflowBinding(options.target);
    const sizes = stageRuntime(ROOT, options.target, { ...options, tensorflowBinding });
    for (const [name, bytes] of Object.entries(sizes))
      process.stderr.write(`runtime/${name}: ${(bytes / MIB).toFixed(1)} MiB\n`);
  }
  const { electronDir } = options;
  const versionFile = electronDir === undefined ? '' : path.join(electronDir, 'version');
  const electronVersion = existsSync(versionFile)
    ? readFileSync(versionFile, 'utf8').trim().replace(/^v/, '')
    : options.electronVersion;
  const isOlder = electronVersion !== undefined && Number.parseInt(electronVersion, 10) < KNOWS_FILE_FUSE;
  const config: Configuration = {
    ...(electronDir === undefined ? {} : { electronDist: electronDir }),
    ...(electronVersion === undefined ? {} : { electronVersion }),
    ...(options.output === undefined ? {} : { directories: { output: options.output } }),
    ...(isForOthers ? {} : { artifactName: PRIVATE_NAME }),
    ...(isOlder ? {} : { electronFuses: { grantFileProtocolExtraPrivileges: false } }),
    ...options.config,
  };
  const { platform, arch } = options.target;
  const kinds = options.onlyDir ? ['dir'] : [...(options.kinds ?? INSTALLERS[platform])];
  return build({
    projectDir: ROOT,
    ...(options.prepackaged === undefined ? {} : { prepackaged: options.prepackaged }),
    targets: PLATFORMS[platform].createTarget(kinds, ARCHS[arch]),
    config,
    publish: 'never',
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      dir: { type: 'boolean', default: false },
      platform: { type: 'string', default: process.platform },
      arch: { type: 'string', default: process.arch },
      node: { type: 'string' },
      electron: { type: 'string' },
      'electron-version': { type: 'string' },
      out: { type: 'string' },
      prepackaged: { type: 'string' },
      'media-library': { type: 'string' },
      private: { type: 'boolean', default: false },
    },
  });
  const { platform, arch } = values;
  if (!(platform in PLATFORMS) || !(arch in ARCHS))
    throw new Error(`${platform}-${arch} is no target of the program.`);
  const written = await pack({
    target: { platform: platform as Target['platform'], arch: arch as Target['arch'] },
    onlyDir: values.dir,
    nodeBinary: values.node,
    electronDir: values.electron,
    electronVersion: values['electron-version'],
    output: values.out,
    prepackaged: values.prepackaged,
    mediaLibrary: values['media-library'],
    privateUse: values.private,
  });
  process.stdout.write(`${written.join('\n')}\n`);
}
