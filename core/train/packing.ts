/**
 * Several tensor maps in one, by prefix, and back: how checkpoints hold parameters and optimiser moments side by side.
 */
import type { TensorMap } from '#core/compute/hostTensor';

/** `{encoder: {w}}` → `{'encoder/w'}`. Copies nothing. */
export function packMaps(maps: Readonly<Record<string, TensorMap>>): TensorMap {
  const packed: TensorMap = {};
  for (const [prefix, map] of Object.entries(maps)) {
    for (const [name, tensor] of Object.entries(map)) packed[`${prefix}/${name}`] = tensor;
  }
  return packed;
}

/** `{'encoder/w'}` → `{encoder: {w}}`. */
export function unpackMaps(packed: TensorMap): Partial<Record<string, TensorMap>> {
  const maps: Record<string, TensorMap> = {};
  for (const [name, tensor] of Object.entries(packed)) {
    const slash = name.indexOf('/');
    const map = (maps[name.slice(0, slash)] ??= {});
    map[name.slice(slash + 1)] = tensor;
  }
  return maps;
}
