/**
 * Checkpoints as files: one safetensors file each, with the steps and the head's state in its header. Half a checkpoint never exists.
 */
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '#core/model/weights/safetensors';
import type { CheckpointMeta, CheckpointStore } from '#core/train/environment';
import { readFileIfThere, writeFileWhole } from './files.ts';

/** Checkpoints of one job. `saved` hears the path and the step of each. */
export function openCheckpoints(
  folder: string,
  resume: boolean,
  saved: (path: string, step: number) => void,
): CheckpointStore {
  const fresh = new Set<string>();
  const pathOf = (name: string): string => join(folder, `${name}.checkpoint`);
  return {
    load: async (name) => {
      if (!resume && !fresh.has(name)) return null;
      const bytes = await readFileIfThere(pathOf(name));
      if (bytes === null) return null;
      const { tensors, metadata } = decodeSafetensors(bytes);
      return { tensors, meta: JSON.parse(metadata['checkpoint'] ?? '') as CheckpointMeta };
    },
    save: async (name, { tensors, meta }) => {
      fresh.add(name);
      await writeFileWhole(pathOf(name), encodeSafetensors(tensors, { checkpoint: JSON.stringify(meta) }));
      saved(pathOf(name), meta.step);
    },
  };
}
