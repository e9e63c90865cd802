/**
 * What is installed of native TensorFlow: a folder that appears whole or not at all, with a manifest beside its files.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { engineFolder } from '#service/engines/paths';

/** A finished installation. */
export interface Installation {
  readonly folder: string;
  readonly version: string;
  readonly gpu: boolean;
}

interface Manifest {
  readonly version: string;
  readonly gpu: boolean;
  /** Bytes by file name, to notice a truncated file without reading it. */
  readonly files: Readonly<Record<string, number>>;
}

/** Name of the manifest; written last, before the folder gets its final name. */
export const MANIFEST_FILE = 'manifest.json';

/** Folder of the finished installation. */
export function installationFolder(): string {
  return join(engineFolder('tensorflow'), 'current');
}

/**
 * Reads and checks the installation.
 * @throws StudioError `engine-unavailable` when there is none, `damaged` when a file has another size than at installation
 */
export async function readInstallation(folder = installationFolder()): Promise<Installation> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => null);
  if (text === null) {
    throw new StudioError(
      'engine-unavailable',
      'Native TensorFlow is not installed. Install it with "engine install tensorflow" or in Settings › Engines.',
      { engine: 'tensorflow' },
    );
  }
  const manifest = JSON.parse(text) as Manifest;
  for (const [name, bytes] of Object.entries(manifest.files)) {
    const size = await stat(join(folder, name)).then((info) => info.size, () => -1); // prettier-ignore
    if (size !== bytes) {
      throw new StudioError(
        'damaged',
        `Native TensorFlow's file ${name} is ${size < 0 ? 'missing' : 'damaged'}. Run "engine install tensorflow" again.`,
        { path: join(folder, name) },
      );
    }
  }
  return { folder, version: manifest.version, gpu: manifest.gpu };
}
