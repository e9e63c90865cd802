/**
 * The class-aware default head: max-pooling pyramid with ActionFormer's anchor-free head.
 *
 * TemporalMaxer (Tang et al., 2023) and ActionFormer (Zhang et al., ECCV 2022); names as in OpenTAD's `projections`, `anchor_free_head.py`.
 * Two convolutions embed the features, max pooling halves them level by level, and two towers shared by all levels give a score per class
 * and the distances to both boundaries at every point.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { halveByMaxPool } from '#core/compute/ops/sequence';
import {
  createTape,
  parameterNodes,
  type ParameterNodes,
  type Tape,
  type TapeNode,
} from '#core/compute/ops/tape';
import { pyramidCurves } from '#core/infer/gridCurves';
import { pointDetections } from '#core/infer/pointDetections';
import { batchTargets, countPositives, nextNormaliser, pointLoss } from '#core/losses/pointLoss';
import { tower } from '#core/model/bricks/convBlocks';
import { createDraft } from '#core/model/bricks/initialise';
import { pyramidLayout, type PyramidLayout } from '#core/model/bricks/pyramid';
import { embedFeatures, joinLevels, pyramidMasks, scaleName } from '#core/model/bricks/pyramidLevels';
import { checkBatch, inputGradients, oneSequence } from '#core/model/bricks/sequenceInput';
import type { Detector, DetectorBatch } from '#core/model/detector';
import { agnosticHead } from './agnostic.ts';
import type { AnchorFreeConfig } from './config.ts';

interface HeadOutputs {
  readonly input: TapeNode;
  /** [B · rows, K] */
  readonly logits: TapeNode;
  /** Raw, before scale and ReLU. // [B · rows, 2] */
  readonly offsets: TapeNode;
}

function forward(
  config: AnchorFreeConfig,
  tape: Tape,
  weights: ParameterNodes,
  layout: PyramidLayout,
  batch: DetectorBatch,
  wantInput: boolean,
): HeadOutputs {
  const masks = pyramidMasks(tape, layout, batch.lengths);
  const { input, embedded } = embedFeatures(tape, weights, layout, masks, batch, {
    ...config,
    layers: config.embedLayers,
    wantInput,
  });
  const levels = [embedded];
  for (let i = 1; i < layout.levels.length; i += 1)
    levels.push(halveByMaxPool(tape, levels[i - 1]!, masks.levels[i]!));
  const pyramid = joinLevels(tape, weights, layout, masks, levels);
  const classTower = tower(tape, weights, 'rpn_head.cls_convs', config.towerLayers, pyramid, masks.all);
  const offsetTower = tower(tape, weights, 'rpn_head.reg_convs', config.towerLayers, pyramid, masks.all);
  return {
    input,
    logits: conv1dRows(
      tape,
      classTower,
      weights.get('rpn_head.cls_head.weight'),
      weights.get('rpn_head.cls_head.bias'),
    ),
    offsets: conv1dRows(
      tape,
      offsetTower,
      weights.get('rpn_head.reg_head.weight'),
      weights.get('rpn_head.reg_head.bias'),
    ),
  };
}

const scalesOf = (config: AnchorFreeConfig, parameters: TensorMap): number[] =>
  Array.from({ length: config.levels }, (_, level) => parameters[scaleName(level)]?.data[0] ?? 1);

/** Offsets in strides: ReLU(scale of the level · raw). */
function scaledOffsets(raw: Float32Array, layout: PyramidLayout, scales: readonly number[]): Float32Array {
  const result = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) {
    const level = layout.levelOfRow[(i >> 1) % layout.rows]!;
    if (level >= 0) result[i] = Math.max(0, raw[i]! * scales[level]!);
  }
  return result;
}

/** The head's answers on every row of the pyramid layout. */
export interface AnchorFreeOutputs {
  readonly layout: PyramidLayout;
  /** [B · rows, K] */
  readonly logits: Float32Array;
  /** Distances to start and end in strides of the row's level. // [B · rows, 2] */
  readonly offsets: Float32Array;
}

/** Forward pass without decoding, for inspection and parity checks. */
export async function anchorFreeForward(
  config: AnchorFreeConfig,
  parameters: TensorMap,
  batch: DetectorBatch,
): Promise<AnchorFreeOutputs> {
  checkBatch(batch, config.inChannels);
  const layout = pyramidLayout(batch.shape[1], config);
  const tape = createTape(false);
  try {
    const outputs = forward(config, tape, parameterNodes(tape, parameters, false), layout, batch, false);
    const logits = (await outputs.logits.tensor.data()) as Float32Array;
    const raw = (await outputs.offsets.tensor.data()) as Float32Array;
    return { layout, logits, offsets: scaledOffsets(raw, layout, scalesOf(config, parameters)) };
  } finally {
    tape.dispose();
  }
}

/** New parameters under OpenTAD's names. */
function initialise(config: AnchorFreeConfig, seed: number): TensorMap {
  const draft = createDraft(seed);
  const { width } = config;
  const block = (name: string, from: number): void => {
    draft.conv(`${name}.conv`, [width, from, 3], false);
    draft.norm(`${name}.norm`, width);
  };
  for (let i = 0; i < config.embedLayers; i += 1)
    block(`projection.embed.${i}`, i === 0 ? config.inChannels : width);
  for (let i = 0; i < config.levels; i += 1) draft.norm(`neck.fpn_norms.${i}`, width);
  for (let i = 0; i < config.towerLayers; i += 1) {
    block(`rpn_head.cls_convs.${i}`, width);
    block(`rpn_head.reg_convs.${i}`, width);
  }
  draft.conv('rpn_head.cls_head', [config.numClasses, width, 3], false);
  draft.filled(
    'rpn_head.cls_head.bias',
    [config.numClasses],
    -Math.log((1 - config.clsPriorProb) / config.clsPriorProb),
  );
  draft.conv('rpn_head.reg_head', [2, width, 3], true);
  for (let level = 0; level < config.levels; level += 1) draft.filled(scaleName(level), [], 1);
  return draft.parameters;
}

/** The anchor-free head, bound to its configuration. */
export function createAnchorFree(config: AnchorFreeConfig): Detector {
  return {
    name: 'anchor-free',
    classCount: config.numClasses,
    suppression: config.suppression,
    ...agnosticHead(config, ['cls'], createAnchorFree),
    initialise: (seed) => initialise(config, seed),
    initialState: () => ({ lossNormaliser: config.normaliserStart }),
    noDecay: (name) => name.endsWith('.bias') || name.includes('norm') || name.endsWith('.scale'),
    async lossAndGradients(parameters, state, batch, options) {
      checkBatch(batch, config.inChannels);
      const layout = pyramidLayout(batch.shape[1], config);
      const tape = createTape(true);
      try {
        const weights = parameterNodes(tape, parameters, true);
        const outputs = forward(config, tape, weights, layout, batch, options.featureGradients);
        const logits = (await outputs.logits.tensor.data()) as Float32Array;
        const raw = (await outputs.offsets.tensor.data()) as Float32Array;
        const scales = scalesOf(config, parameters);
        const offsets = scaledOffsets(raw, layout, scales);
        const targets = batchTargets(layout, batch, config.centreRadius);
        const lossNormaliser = nextNormaliser(
          Number(state['lossNormaliser']),
          config.normaliserMomentum,
          countPositives(targets),
        );
        const loss = pointLoss(targets, logits, offsets, lossNormaliser, batch.classWeights);
        const dRaw = new Float32Array(raw.length);
        const dScales = new Float64Array(config.levels);
        for (let i = 0; i < raw.length; i += 1) {
          if (!(offsets[i]! > 0)) continue;
          const level = layout.levelOfRow[(i >> 1) % layout.rows]!;
          dRaw[i] = loss.dOffsets[i]! * scales[level]!;
          dScales[level] = dScales[level]! + loss.dOffsets[i]! * raw[i]!;
        }
        tape.backward([
          [outputs.logits, tf.tensor(loss.dLogits, [...outputs.logits.shape])],
          [outputs.offsets, tf.tensor(dRaw, [...outputs.offsets.shape])],
        ]);
        const gradients: Record<string, HostTensor> = { ...(await weights.gradients()) };
        for (let level = 0; level < config.levels; level += 1) {
          gradients[scaleName(level)] = {
            shape: parameters[scaleName(level)]!.shape,
            data: Float32Array.of(dScales[level]!),
          };
        }
        return {
          loss: loss.classification + loss.regression,
          parts: { classification: loss.classification, regression: loss.regression },
          gradients,
          state: { ...state, lossNormaliser },
          ...(options.featureGradients ? await inputGradients(outputs.input, batch, layout.steps) : {}),
        };
      } finally {
        tape.dispose();
      }
    },
    async detect(parameters, features, length) {
      const batch = oneSequence(features, length, config.inChannels);
      const { layout, logits, offsets } = await anchorFreeForward(config, parameters, batch);
      return pointDetections(layout, logits, config.numClasses, length, config.suppression, (row) => {
        const { position, stride } = layout.points[row]!;
        return {
          start: position - offsets[2 * row]! * stride,
          end: position + offsets[2 * row + 1]! * stride,
        };
      });
    },
    async curves(parameters, features, length) {
      const batch = oneSequence(features, length, config.inChannels);
      const { layout, logits } = await anchorFreeForward(config, parameters, batch);
      return pyramidCurves(layout, logits, config.numClasses, length);
    },
  };
}
