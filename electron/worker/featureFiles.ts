/**
 * Extracted features in the cache: raw float32, named by video, sampling and encoder. Can be deleted at any time.
 */
import { join } from 'node:path';
import type { FeatureStore } from '#core/train/environment';
import { readFileIfThere, writeFileWhole } from '#service/media/file/wholeFiles';

/** Features under `cache/features`. */
export function openFeatures(cache: string): FeatureStore {
  const pathOf = (key: string): string => join(cache, 'features', `${key}.f32`);
  return {
    load: async (key) => {
      const bytes = await readFileIfThere(pathOf(key));
      if (bytes === null || bytes.length % 4 !== 0) return null;
      const features = new Float32Array(bytes.length / 4);
      new Uint8Array(features.buffer).set(bytes);
      return features;
    },
    save: (key, features) =>
      writeFileWhole(pathOf(key), new Uint8Array(features.buffer, features.byteOffset, features.byteLength)),
  };
}
