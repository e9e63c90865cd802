/**
 * Parameters as safetensors bytes and back. Names are sorted, so that equal parameters make equal files.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { readSafetensors, writeSafetensors } from '#core/model/weights/safetensors';
import { fromTensorMap, toTensorMap } from '#core/model/weights/storedTensor';

/** Parameters of a file with the header's free text. */
export interface TensorFile {
  readonly tensors: TensorMap;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of a safetensors file. */
export function encodeTensors(
  tensors: TensorMap,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)));
  return writeSafetensors(fromTensorMap(sorted), metadata);
}

/** Reads a safetensors file. @throws StudioError `bad-input` naming the file */
export function decodeTensors(bytes: Uint8Array, path: string): TensorFile {
  // A plain view: `slice` of Node's Buffer shares memory instead of copying.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { tensors, metadata } = readSafetensors(plain, path);
  return { tensors: toTensorMap(tensors), metadata };
}
