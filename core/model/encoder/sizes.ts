/**
 * How large an encoder's values are for a batch: for memory budgets, batch statistics and the choice of chunks.
 */
import type { ConvLayer, EncoderLayers } from './layers.ts';
import { outputLength } from './layers.ts';

/** Sizes of one batch. */
export interface BatchSizes {
  readonly snippets: number;
  /** Frames of a snippet. */
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** Positions (time × space, all snippets) and channels of every value by name. */
function valueSizes(encoder: EncoderLayers, batch: BatchSizes) {
  const { snippets, frames, height, width } = batch;
  const space = encoder.spatialRank === 2 ? [height, width] : [frames, height, width];
  const outer = encoder.spatialRank === 2 ? snippets * frames : snippets;
  const sizes = new Map([[encoder.input, { channels: 3, space }]]);
  for (const layer of encoder.layers) {
    const input = sizes.get(layer.input)!;
    if (layer.kind === 'shift') {
      sizes.set(layer.output, input);
    } else if (layer.kind === 'maxPool') {
      sizes.set(layer.output, {
        ...input,
        space: input.space.map((length) => outputLength(length, 3, 2, 1)),
      });
    } else {
      const next = layer.kernel.map((size, axis) =>
        outputLength(input.space[axis]!, size, layer.stride[axis]!, layer.padding[axis]!),
      );
      sizes.set(layer.output, { channels: layer.outChannels, space: next });
    }
  }
  const positions = (name: string): number =>
    sizes.get(name)!.space.reduce((total, length) => total * length, outer);
  return {
    positions,
    channels: (name: string): number => sizes.get(name)!.channels,
    names: [...sizes.keys()],
  };
}

/** Bytes of all values of a forward pass together, in float32. */
export function activationBytes(encoder: EncoderLayers, batch: BatchSizes): number {
  const sizes = valueSizes(encoder, batch);
  return sizes.names.reduce((total, name) => total + 4 * sizes.channels(name) * sizes.positions(name), 0);
}

/** Number of values behind each channel's statistics, by the batch norm's name. */
export function valuesPerChannel(encoder: EncoderLayers, batch: BatchSizes): Map<string, number> {
  const sizes = valueSizes(encoder, batch);
  const convs = encoder.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv');
  return new Map(convs.map((layer) => [layer.norm, sizes.positions(layer.output)]));
}

/** Multiply-adds of one forward pass. */
export function multiplyAdds(encoder: EncoderLayers, batch: BatchSizes): number {
  const sizes = valueSizes(encoder, batch);
  return encoder.layers.reduce((total, layer) => {
    if (layer.kind !== 'conv') return total;
    const kernel = layer.kernel.reduce((product, size) => product * size, 1);
    return total + sizes.positions(layer.output) * layer.outChannels * layer.inChannels * kernel;
  }, 0);
}
