/**
 * Which parts of an encoder a backward pass visits, given which parameters are trained.
 */
import type { ConvLayer, EncoderLayers } from './layers.ts';

/** Whether a parameter's gradient is wanted, by its name. */
export type Trainable = (name: string) => boolean;

/** Which of a layer's parameters are wanted: its weight, its batch norm's scale or offset. */
export function trainableParts(layer: ConvLayer, trainable: Trainable) {
  return {
    weight: trainable(layer.weight),
    norm: trainable(`${layer.norm}.weight`) || trainable(`${layer.norm}.bias`),
  };
}

/** Names of the convolution weights of all layers that have a wanted parameter. */
export function trainableLayers(encoder: EncoderLayers, trainable: Trainable): Set<string> {
  const names = new Set<string>();
  for (const layer of encoder.layers) {
    if (layer.kind !== 'conv') continue;
    const parts = trainableParts(layer, trainable);
    if (parts.weight || parts.norm) names.add(layer.weight);
  }
  return names;
}

/** Names of the values whose gradient is needed, because something trainable lies before them. */
export function valuesWithGradient(encoder: EncoderLayers, trainable: Trainable): Set<string> {
  const layers = trainableLayers(encoder, trainable);
  const needed = new Set<string>();
  for (const layer of encoder.layers) {
    let needs = needed.has(layer.input);
    if (layer.kind === 'conv') {
      needs ||= layers.has(layer.weight) || (layer.residual !== null && needed.has(layer.residual));
    }
    if (needs) needed.add(layer.output);
  }
  return needed;
}
