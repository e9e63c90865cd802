/**
 * Checkpoints as files: one safetensors file each, with the steps and the head's state in its header. Half a checkpoint never exists.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointMeta, CheckpointStore } from '#core/train/environment';
import { readFileIfThere, writeFileWhole } from '#service/media/file/wholeFiles';
import { decodeTensors, encodeTensors } from './tensorFile.ts';

const ENDING = '.checkpoint';

/** Checkpoints of one job; without `resume`, those of an earlier run are deleted. `saved` hears the path and the step of each. */
export async function openCheckpoints(
  folder: string,
  resume: boolean,
  saved: (path: string, step: number) => void,
): Promise<CheckpointStore> {
  if (!resume) {
    const old = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ENDING));
    for (const name of old) await rm(join(folder, name), { force: true });
  }
  const pathOf = (name: string): string => join(folder, `${name}${ENDING}`);
  return {
    load: async (name) => {
      const bytes = await readFileIfThere(pathOf(name));
      if (bytes === null) return null;
      const { tensors, metadata } = decodeTensors(bytes, pathOf(name));
      return { tensors, meta: JSON.parse(metadata['checkpoint'] ?? '') as CheckpointMeta };
    },
    save: async (name, { tensors, meta }) => {
      await writeFileWhole(pathOf(name), encodeTensors(tensors, { checkpoint: JSON.stringify(meta) }));
      saved(pathOf(name), meta.step);
    },
  };
}
