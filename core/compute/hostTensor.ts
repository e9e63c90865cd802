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
