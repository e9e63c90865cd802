/**
 * Stage 1: the encoder learns to classify trimmed clips, batch norm and all (the role of Kinetics training in Xu et al., NeurIPS 2021).
 *
 * The classifier is one linear layer on the snippet's feature; it is thrown away afterwards.
 */
import type { ComputeEngine, FrameBatch } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { createRandom, mixSeed } from '#core/util/random';
import type { OptimiserConfig } from './config.ts';
import { requireFinite, requireFiniteLoss } from './finite.ts';
import { clipByGlobalNorm, cloneParameters, initialOptimiserState, optimiserStep } from './optimiser.ts';
import type { OptimiserState } from './optimiser.ts';
import { learningRateAt } from './schedule.ts';

/** Clips of one step with their classes. */
export interface ClipBatch {
  readonly frames: FrameBatch;
  readonly classes: readonly number[];
}

/** How stage 1 goes. */
export interface ClassificationConfig {
  readonly seed: number;
  readonly steps: number;
  readonly classCount: number;
  readonly optimiser: OptimiserConfig;
  /** `trained` learns statistics from the batch; `frozen` keeps them (fine-tuning on few clips). */
  readonly batchNorm: 'trained' | 'frozen';
  /** Share of the target that is spread over the other classes. */
  readonly labelSmoothing: number;
}

/** Everything that a step changes: what a checkpoint holds. */
export interface ClassificationState {
  readonly encoder: TensorMap;
  readonly classifier: TensorMap;
  readonly encoderOptimiser: OptimiserState;
  readonly classifierOptimiser: OptimiserState;
  step: number;
}

/** One step's figures. */
export interface ClassificationFigures {
  readonly step: number;
  readonly loss: number;
  /** Share of the batch that the classifier got right before the step. */
  readonly accuracy: number;
  readonly learningRate: number;
}

/** Biases, and scales and offsets of norms: no weight decay. */
export function isNormOrBias(name: string): boolean {
  return name.endsWith('.bias') || /(^|\.)(bn\d|downsample\.1)\./.test(name);
}

/** A state to start from. */
export function startClassification(
  encoder: TensorMap,
  featureChannels: number,
  config: ClassificationConfig,
): ClassificationState {
  const random = createRandom(mixSeed(config.seed, 'classifier'));
  const weight = Float32Array.from(
    { length: config.classCount * featureChannels },
    () => 0.01 * random.normal(),
  );
  return {
    encoder: cloneParameters(encoder),
    classifier: {
      'new_fc.weight': { shape: [config.classCount, featureChannels], data: weight },
      'new_fc.bias': { shape: [config.classCount], data: new Float32Array(config.classCount) },
    },
    encoderOptimiser: initialOptimiserState(),
    classifierOptimiser: initialOptimiserState(),
    step: 0,
  };
}

/** Loss, accuracy and gradients of the linear classifier. */
export interface ClassifierStep {
  readonly loss: number;
  readonly correct: number;
  /** float32 [S, C] */
  readonly featureGradients: Float32Array;
  readonly gradients: TensorMap;
}

/** Mean cross-entropy of a linear classifier, with its gradients. features: float32 [S, C] */
export function classifierStep(
  classifier: TensorMap,
  features: Float32Array,
  classes: readonly number[],
  labelSmoothing: number,
): ClassifierStep {
  const weight = classifier['new_fc.weight']!;
  const bias = classifier['new_fc.bias']!.data;
  const [classCount, channels] = weight.shape as [number, number];
  const count = classes.length;
  const dWeight = new Float32Array(weight.data.length);
  const dBias = new Float32Array(classCount);
  const featureGradients = new Float32Array(features.length);
  const logits = new Float64Array(classCount);
  let loss = 0;
  let correct = 0;
  for (let s = 0; s < count; s += 1) {
    const at = s * channels;
    let best = 0;
    for (let k = 0; k < classCount; k += 1) {
      let sum = bias[k]!;
      for (let c = 0; c < channels; c += 1) sum += weight.data[k * channels + c]! * features[at + c]!;
      logits[k] = sum;
      if (sum > logits[best]!) best = k;
    }
    if (best === classes[s]) correct += 1;
    const top = logits[best]!;
    let normaliser = 0;
    for (let k = 0; k < classCount; k += 1) normaliser += Math.exp(logits[k]! - top);
    const logNormaliser = top + Math.log(normaliser);
    for (let k = 0; k < classCount; k += 1) {
      const target = labelSmoothing / classCount + (k === classes[s] ? 1 - labelSmoothing : 0);
      loss -= (target * (logits[k]! - logNormaliser)) / count;
      const gradient = (Math.exp(logits[k]! - logNormaliser) - target) / count;
      dBias[k]! += gradient;
      for (let c = 0; c < channels; c += 1) {
        dWeight[k * channels + c]! += gradient * features[at + c]!;
        featureGradients[at + c]! += gradient * weight.data[k * channels + c]!;
      }
    }
  }
  const gradients: TensorMap = {
    'new_fc.weight': { shape: weight.shape, data: dWeight },
    'new_fc.bias': { shape: [classCount], data: dBias },
  };
  return { loss, correct, featureGradients, gradients };
}

/** What stage 1 works with. */
export interface ClassificationRun {
  readonly engine: ComputeEngine;
  readonly spec: EncoderSpec;
  readonly config: ClassificationConfig;
  readonly state: ClassificationState;
  /** Clips of a step, a function of the step alone. */
  clips(step: number): Promise<ClipBatch>;
  /** Called after each step: reports, saves, and throws when the person cancelled. */
  afterStep(figures: ClassificationFigures): Promise<void>;
}

/** Trains from `state.step` to the end; changes the state in place. @throws StudioError `internal` when the loss is not finite */
export async function runClassification(run: ClassificationRun): Promise<void> {
  const { config, state, spec } = run;
  const { optimiser } = config;
  const session = await run.engine.openEncoder(spec, state.encoder, { batchNorm: config.batchNorm });
  try {
    while (state.step < config.steps) {
      const { frames, classes } = await run.clips(state.step);
      let head: ClassifierStep | null = null;
      const result = await session.step(frames, async (features) => {
        head = classifierStep(state.classifier, features, classes, config.labelSmoothing);
        return head.featureGradients;
      });
      const { loss, correct, gradients } = head as unknown as ClassifierStep;
      const where = `Stage 1 diverged at step ${state.step}`;
      const parameters = { ...state.encoder, ...state.classifier };
      const moment = { step: state.step, totalSteps: config.steps, stepsPerEpoch: config.steps };
      const learningRate = learningRateAt(optimiser, moment);
      const all = { ...result.gradients, ...gradients };
      requireFinite(clipByGlobalNorm(all, optimiser.clipNorm), all, parameters, where);
      requireFiniteLoss(loss, parameters, where);
      optimiserStep(
        optimiser,
        learningRate,
        state.encoder,
        result.gradients,
        state.encoderOptimiser,
        isNormOrBias,
      );
      optimiserStep(
        optimiser,
        learningRate,
        state.classifier,
        gradients,
        state.classifierOptimiser,
        isNormOrBias,
      );
      Object.assign(state.encoder, result.runningStatistics ?? {});
      session.setParameters(state.encoder);
      state.step += 1;
      await run.afterStep({ step: state.step, loss, accuracy: correct / classes.length, learningRate });
    }
  } finally {
    session.dispose();
  }
}
