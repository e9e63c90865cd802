/**
 * TriDet (Shi et al., CVPR 2023), the accuracy option: SGP blocks in a max-pooling pyramid and the trident head.
 *
 * Names as in OpenTAD's `tridet_proj.py` and `tridet_head.py`. Boundaries are expectations over bins, so each detection carries how
 * uncertain its boundaries are.
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
import { batchTargets, countPositives, nextNormaliser } from '#core/losses/pointLoss';
import { rowsOfLevel, tridentBoundary, tridentLoss, type TridentOutputs } from '#core/losses/tridentLoss';
import { tower } from '#core/model/bricks/convBlocks';
import { createDraft } from '#core/model/bricks/initialise';
import { pyramidLayout, type PyramidLayout } from '#core/model/bricks/pyramid';
import { embedFeatures, joinLevels, pyramidMasks, scaleName } from '#core/model/bricks/pyramidLevels';
import { checkBatch, inputGradients, oneSequence } from '#core/model/bricks/sequenceInput';
import { draftSgp, sgpBlock, type LevelInfo } from '#core/model/bricks/sgp';
import type { Detector, DetectorBatch } from '#core/model/detector';
import { createRandom, randomFromState, type Random } from '#core/util/random';
import { agnosticHead } from './agnostic.ts';
import type { TridetConfig } from './config.ts';

const HEADS = ['cls', 'reg', 'cls_start', 'cls_end'] as const;
type HeadName = (typeof HEADS)[number];

interface Nodes {
  readonly input: TapeNode;
  /** [B · rows, K] or, for `reg`, [B · rows, 2 · (bins + 1)]; raw */
  readonly heads: Readonly<Record<HeadName, TapeNode>>;
}

function forward(
  config: TridetConfig,
  tape: Tape,
  weights: ParameterNodes,
  layout: PyramidLayout,
  batch: DetectorBatch,
  options: { readonly wantInput: boolean; readonly random: Random | null },
): Nodes {
  const items = batch.shape[0];
  const masks = pyramidMasks(tape, layout, batch.lengths);
  const { input, embedded } = embedFeatures(tape, weights, layout, masks, batch, {
    ...config,
    layers: config.embedLayers,
    wantInput: options.wantInput,
  });
  const infoOf = (level: number): LevelInfo => ({
    mask: masks.levels[level]!,
    counts: masks.counts[level]!,
    keep() {
      const { random } = options;
      if (random === null || config.dropPath === 0) return null;
      const factors = Array.from({ length: items }, () =>
        random.next() < config.dropPath ? 0 : 1 / (1 - config.dropPath),
      );
      return tape.leaf(tf.tensor3d(factors, [items, 1, 1]), false).tensor as tf.Tensor3D;
    },
  });
  let x = embedded;
  for (let i = 0; i < config.stemLayers; i += 1)
    x = sgpBlock(tape, weights, `projection.stem.${i}`, x, infoOf(0));
  const levels = [x];
  for (let i = 1; i < layout.levels.length; i += 1) {
    const half = halveByMaxPool(tape, x, masks.levels[i]!, masks.levels[i - 1]);
    x = sgpBlock(tape, weights, `projection.branch.${i - 1}`, half, infoOf(i));
    levels.push(x);
  }
  const pyramid = joinLevels(tape, weights, layout, masks, levels);
  // The boundary towers see the features without sending gradients back.
  const detached = tape.leaf(tf.clone(pyramid.tensor), false);
  const head = (name: HeadName): TapeNode => {
    const from = name === 'cls' || name === 'reg' ? pyramid : detached;
    const features = tower(tape, weights, `rpn_head.${name}_convs`, config.towerLayers, from, masks.all);
    return conv1dRows(
      tape,
      features,
      weights.get(`rpn_head.${name}_head.weight`),
      weights.get(`rpn_head.${name}_head.bias`),
    );
  };
  return {
    input,
    heads: { cls: head('cls'), reg: head('reg'), cls_start: head('cls_start'), cls_end: head('cls_end') },
  };
}

/** Level of the row that element `i` of a [rows, columns] array belongs to; −1 in gaps. */
const levelAt = (layout: PyramidLayout, i: number, columns: number): number =>
  layout.levelOfRow[Math.floor(i / columns) % layout.rows]!;

async function readOutputs(config: TridetConfig, nodes: Nodes, layout: PyramidLayout, parameters: TensorMap) {
  const read = async (name: HeadName): Promise<Float32Array> =>
    (await nodes.heads[name].tensor.data()) as Float32Array;
  const raw = await read('reg');
  const columns = 2 * (config.bins + 1);
  const offsets = raw.map((value, i) => {
    const level = levelAt(layout, i, columns);
    return level < 0 ? 0 : Math.max(0, value * parameters[scaleName(level)]!.data[0]!);
  });
  const outputs: TridentOutputs = {
    logits: await read('cls'),
    starts: await read('cls_start'),
    ends: await read('cls_end'),
    offsets,
  };
  return { raw, outputs };
}

/** The head's answers on every row of the pyramid layout. */
export interface TridetForward {
  readonly layout: PyramidLayout;
  readonly outputs: TridentOutputs;
}

/** Forward pass without decoding, for inspection and parity checks. */
export async function tridetForward(
  config: TridetConfig,
  parameters: TensorMap,
  batch: DetectorBatch,
): Promise<TridetForward> {
  checkBatch(batch, config.inChannels);
  const layout = pyramidLayout(batch.shape[1], config);
  const tape = createTape(false);
  try {
    const nodes = forward(config, tape, parameterNodes(tape, parameters, false), layout, batch, {
      wantInput: false,
      random: null,
    });
    return { layout, outputs: (await readOutputs(config, nodes, layout, parameters)).outputs };
  } finally {
    tape.dispose();
  }
}

function initialise(config: TridetConfig, seed: number): TensorMap {
  const draft = createDraft(seed);
  const { width, numClasses } = config;
  const block = (name: string, from: number): void => {
    draft.conv(`${name}.conv`, [width, from, 3], false);
    draft.norm(`${name}.norm`, width);
  };
  const sgp = { width, kernel: config.sgpKernel, widen: config.sgpWiden, hidden: config.sgpHidden };
  for (let i = 0; i < config.embedLayers; i += 1)
    block(`projection.embed.${i}`, i === 0 ? config.inChannels : width);
  for (let i = 0; i < config.stemLayers; i += 1)
    draftSgp(draft, `projection.stem.${i}`, sgp, config.convDeviation);
  for (let i = 1; i < config.levels; i += 1)
    draftSgp(draft, `projection.branch.${i - 1}`, sgp, config.convDeviation);
  for (let i = 0; i < config.levels; i += 1) draft.norm(`neck.fpn_norms.${i}`, width);
  for (const name of HEADS) {
    for (let i = 0; i < config.towerLayers; i += 1) block(`rpn_head.${name}_convs.${i}`, width);
    draft.conv(
      `rpn_head.${name}_head`,
      [name === 'reg' ? 2 * (config.bins + 1) : numClasses, width, 3],
      name !== 'cls',
    );
  }
  draft.filled(
    'rpn_head.cls_head.bias',
    [numClasses],
    -Math.log((1 - config.clsPriorProb) / config.clsPriorProb),
  );
  for (let level = 0; level < config.levels; level += 1) draft.filled(scaleName(level), [], 1);
  return draft.parameters;
}

/** The TriDet head, bound to its configuration. */
export function createTridet(config: TridetConfig): Detector {
  return {
    name: 'tridet',
    classCount: config.numClasses,
    suppression: config.suppression,
    ...agnosticHead(config, ['cls', 'cls_start', 'cls_end'], createTridet),
    initialise: (seed) => initialise(config, seed),
    initialState: (seed) => ({ lossNormaliser: config.normaliserStart, random: createRandom(seed).state() }),
    noDecay: (name) =>
      name.endsWith('.bias') ||
      name.includes('norm') ||
      name.endsWith('.scale') ||
      /\.(ln|gn)\.weight$/.test(name),
    async lossAndGradients(parameters, state, batch, options) {
      checkBatch(batch, config.inChannels);
      const [a = 1, b = 2, c = 3, d = 4] = state['random'] as readonly number[];
      const random = randomFromState([a, b, c, d]);
      const layout = pyramidLayout(batch.shape[1], config);
      const tape = createTape(true);
      try {
        const weights = parameterNodes(tape, parameters, true);
        const nodes = forward(config, tape, weights, layout, batch, {
          wantInput: options.featureGradients,
          random,
        });
        const { raw, outputs } = await readOutputs(config, nodes, layout, parameters);
        const targets = batchTargets(layout, batch, config.centreRadius);
        const normaliser = nextNormaliser(
          Number(state['lossNormaliser']),
          config.normaliserMomentum,
          countPositives(targets),
        );
        const loss = tridentLoss(layout, batch.lengths, targets, outputs, {
          ...config,
          normaliser,
          classWeights: batch.classWeights,
        });
        const dScales = new Float64Array(config.levels);
        const dRaw = loss.gradients.offsets.map((value, i) => {
          const level = levelAt(layout, i, 2 * (config.bins + 1));
          if (level < 0 || !(outputs.offsets[i]! > 0)) return 0;
          dScales[level] = dScales[level]! + value * raw[i]!;
          return value * parameters[scaleName(level)]!.data[0]!;
        });
        const seed = (name: HeadName, data: Float32Array): [TapeNode, tf.Tensor] => [
          nodes.heads[name],
          tf.tensor(data, [...nodes.heads[name].shape]),
        ];
        tape.backward([
          seed('cls', loss.gradients.logits),
          seed('reg', dRaw),
          seed('cls_start', loss.gradients.starts),
          seed('cls_end', loss.gradients.ends),
        ]);
        const gradients: Record<string, HostTensor> = { ...(await weights.gradients()) };
        dScales.forEach((value, level) => {
          gradients[scaleName(level)] = {
            shape: parameters[scaleName(level)]!.shape,
            data: Float32Array.of(value),
          };
        });
        return {
          loss: loss.classification + loss.regression,
          parts: { classification: loss.classification, regression: loss.regression },
          gradients,
          state: { ...state, lossNormaliser: normaliser, random: random.state() },
          ...(options.featureGradients ? await inputGradients(nodes.input, batch, layout.steps) : {}),
        };
      } finally {
        tape.dispose();
      }
    },
    async detect(parameters, features, length) {
      const batch = oneSequence(features, length, config.inChannels);
      const { layout, outputs } = await tridetForward(config, parameters, batch);
      const { numClasses: classes, bins, suppression } = config;
      return pointDetections(layout, outputs.logits, classes, length, suppression, (row, classIndex) => {
        const { position, stride } = layout.points[row]!;
        const [firstRow, lastRow] = rowsOfLevel(layout, row, length);
        const place = { row, classIndex, classes, bins, firstRow, lastRow };
        const left = tridentBoundary(outputs, 'left', place);
        const right = tridentBoundary(outputs, 'right', place);
        return {
          start: position - left.distance * stride,
          end: position + right.distance * stride,
          startDeviation: left.deviation * stride,
          endDeviation: right.deviation * stride,
        };
      });
    },
    async curves(parameters, features, length) {
      const batch = oneSequence(features, length, config.inChannels);
      const { layout, outputs } = await tridetForward(config, parameters, batch);
      return pyramidCurves(layout, outputs.logits, config.numClasses, length);
    },
  };
}
