/**
 * Parameters and gradients as plain data on the host: what optimisers change, checkpoints hold and engines exchange.
 *
 * Every engine takes and returns these, so optimiser, schedule and checkpoint do not know which engine runs.
 */

/** A float32 array with its shape; row major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by name. Names are the field's own (`layer1.0.conv1.weight`), so that checkpoints travel to and from PyTorch. */
export type TensorMap = Record<string, HostTensor>;

/**
 * Gives numbers back to the system at once: what a step leaves is large, and the garbage collector comes late. Nothing may use the array, or
 * another on its buffer, afterwards. Shared memory stays.
 */
export function releaseNumbers({ buffer }: Float32Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** Gives all numbers of a map back: gradients, once an optimiser has used them. */
export function releaseTensors(map: TensorMap): void {
  for (const { data } of Object.values(map)) releaseNumbers(data);
}

/** Adds `gradients` to `sums` in place, and gives their numbers back. */
export function addAndRelease(sums: TensorMap, gradients: TensorMap): void {
  for (const [name, { data }] of Object.entries(gradients)) {
    const sum = sums[name]!.data;
    for (let i = 0; i < data.length; i += 1) sum[i]! += data[i]!;
    releaseNumbers(data);
  }
}
