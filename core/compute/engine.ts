/**
 * What every compute engine offers: the encoder's features, and the gradients of its parameters from the gradient of its features.
 *
 * Heads, losses and optimisers sit above and are the same for all engines. Implementations live in electron/service/engines.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { TensorMap } from '#core/compute/hostTensor';

/** The engines by name: `onnx` needs npm alone, `tensorflow` is native TensorFlow, `webgpu` is Dawn in Node, `tfjs` the plain reference. */
export type EngineName = 'onnx' | 'tensorflow' | 'webgpu' | 'tfjs';

/** Frames of a batch of snippets, RGB, not normalised. */
export interface FrameBatch {
  /** uint8 [S, T, H, W, 3] */
  readonly data: Uint8Array;
  /** [S, T, H, W, 3] */
  readonly shape: readonly [number, number, number, number, 3];
}

/** How batch norm behaves: `frozen` uses running statistics, `trained` the batch's own and updates the running ones. */
export type BatchNormMode = 'frozen' | 'trained';

/** Gradients of one batch. */
export interface EncoderGradients {
  /** Gradient of each trainable parameter, summed over the batch, under the parameter's name. */
  readonly gradients: TensorMap;
  /** [S, C]: the features of the same forward pass. */
  readonly features: Float32Array;
  /** New running statistics (momentum applied) when batch norm is trained; else absent. */
  readonly runningStatistics?: TensorMap;
}

/** From features [S, C] to the gradient of the loss with respect to them, [S, C]. */
export type FeatureGradient = (features: Float32Array) => Promise<Float32Array>;

/** One encoder on one engine. Calls must not overlap. */
export interface EncoderSession {
  readonly spec: EncoderSpec;
  /**
   * Replaces the parameters (weights, affine and running statistics). The session keeps no reference to the arrays.
   * @throws StudioError `bad-input` when a tensor is missing or has another shape
   */
  setParameters(parameters: TensorMap): void;
  /**
   * Features without gradients; with trained batch norm they come from the batch's own statistics, which are not kept.
   * @returns float32 [S, C], C = spec.featureChannels: mean over the snippet's frames of the pooled vector.
   */
  features(frames: FrameBatch): Promise<Float32Array>;
  /** Gradients of Σ dFeatures·features. dFeatures is float32 [S, C]. */
  gradients(frames: FrameBatch, dFeatures: Float32Array): Promise<EncoderGradients>;
  /** One training step with a single forward pass: the head is shown the features and answers with their gradient, both [S, C]. */
  step(frames: FrameBatch, head: FeatureGradient): Promise<EncoderGradients>;
  dispose(): void;
}

/** How a session is opened. */
export interface EncoderSessionOptions {
  readonly batchNorm: BatchNormMode;
  /** True when parameters stay the same for many calls: the engine may bake them in (frozen extraction, evaluation). */
  readonly constantParameters?: boolean;
  /** Parameters (by name prefix) whose gradients are not wanted, e.g. ['conv1', 'layer1.']. */
  readonly frozenPrefixes?: readonly string[];
}

/** A compute engine that is ready to work. */
export interface ComputeEngine {
  readonly name: EngineName;
  /** Human words: device, library, version. */
  readonly description: string;
  /** Makes the TF.js back end that heads run on here current (`wasm`, `tensorflow`, `webgpu`, `cpu`). */
  useHeadBackend(): Promise<void>;
  openEncoder(
    spec: EncoderSpec,
    parameters: TensorMap,
    options: EncoderSessionOptions,
  ): Promise<EncoderSession>;
  dispose(): Promise<void>;
}
