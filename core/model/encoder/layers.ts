/**
 * The layers of an encoder as data: what each engine compiles, in the order in which they run.
 *
 * A convolution layer is convolution, batch norm, optional residual and optional ReLU in one, because every encoder here is made of
 * just that and engines gain from seeing it whole. Values between layers are named by strings.
 *
 * Activations are [N, C, H, W] with N = snippets × frames where `spatialRank` is 2, and [S, C, T, H, W] where it is 3 (R(2+1)D).
 */

/** Convolution without bias, batch norm, then `+ residual`, then ReLU. */
export interface ConvLayer {
  readonly kind: 'conv';
  /** Parameter name of the weight, e.g. `layer1.0.conv1.net.weight`; shape [out, in, ...kernel]. */
  readonly weight: string;
  /** Prefix of the batch norm's parameters, e.g. `layer1.0.bn1`. */
  readonly norm: string;
  readonly input: string;
  readonly output: string;
  /** A value of the output's shape that is added before the ReLU. */
  readonly residual: string | null;
  readonly relu: boolean;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Sizes per spatial axis; two numbers or three (time first). */
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

/** Temporal shift inside each snippet: the first 1/division of the channels from the next frame, the second from the one before. */
export interface ShiftLayer {
  readonly kind: 'shift';
  readonly input: string;
  readonly output: string;
  readonly division: number;
}

/** Max pooling 3×3, stride 2, padding 1. */
export interface MaxPoolLayer {
  readonly kind: 'maxPool';
  readonly input: string;
  readonly output: string;
}

export type EncoderLayer = ConvLayer | ShiftLayer | MaxPoolLayer;

/** What a parameter is: decides its start value, and whether it has a gradient (`mean` and `variance` have none). */
export type ParameterKind = 'weight' | 'scale' | 'offset' | 'mean' | 'variance';

/** One parameter of the encoder. */
export interface ParameterInfo {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly shape: readonly number[];
}

/** An encoder, whole. The feature is the mean of value `output` over frames and positions. */
export interface EncoderLayers {
  readonly spatialRank: 2 | 3;
  /** Name of the normalised frames. */
  readonly input: string;
  readonly output: string;
  readonly featureChannels: number;
  readonly layers: readonly EncoderLayer[];
  /** In the order of the layers; without `num_batches_tracked`. */
  readonly parameters: readonly ParameterInfo[];
}

/** Added to the variance before its root (torchvision's default). */
export const NORM_EPSILON = 1e-5;

/** Share of the batch's statistics in the new running statistics (PyTorch's default). */
export const NORM_MOMENTUM = 0.1;

/** ImageNet mean of RGB in 0–1, as TSM and torchvision normalise. */
export const FRAME_MEAN: readonly number[] = [0.485, 0.456, 0.406];

/** ImageNet standard deviation of RGB in 0–1. */
export const FRAME_DEVIATION: readonly number[] = [0.229, 0.224, 0.225];

/** Length of an axis after a convolution or pooling. */
export function outputLength(length: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((length + 2 * padding - kernel) / stride) + 1;
}
