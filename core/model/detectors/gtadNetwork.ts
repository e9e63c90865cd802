/**
 * G-TAD's network: forward to logits, backward from their gradients. Names and shapes are those of the authors' checkpoints.
 *
 * Two tapes with the alignment between them on the host: the graph layers before it, the layers of the map after it. Between them the
 * features are projected by the map's first convolution per bin and gathered by a sparse matrix (`subGraphAlign.ts`).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { conv2dMap } from '#core/compute/ops/conv2dMap';
import { constantTimes, denseFromGroups, reluNode, sliceRows } from '#core/compute/ops/elementwise';
import { binMatrix, reshapeNode } from '#core/compute/ops/sequence';
import { multiplySparse } from '#core/compute/ops/sparseRows';
import {
  createTape,
  parameterNodes,
  type ParameterNodes,
  type Tape,
  type TapeNode,
} from '#core/compute/ops/tape';
import { gcnext, semanticGraph } from '#core/model/bricks/gcnext';
import { featureGradients, featureRows } from '#core/model/bricks/sequenceInput';
import { alignPlan, type AlignPlan } from '#core/model/bricks/subGraphAlign';
import type { DetectorBatch } from '#core/model/detector';
import type { GtadConfig } from './config.ts';

/** What the network says about one sequence, before the sigmoid. */
export interface GtadLogits {
  readonly plan: AlignPlan;
  /** [T] */
  readonly start: Float32Array;
  readonly end: Float32Array;
  /** Rows of the plan's cells (ActivityNet) or of the whole map (THUMOS); columns regression, classification. // [cells, 2] */
  readonly map: Float32Array;
  /** Per-step class logits; absent without a classifier. // [T, K] */
  readonly classes?: Float32Array;
}

/** Gradients of the loss with respect to `GtadLogits`, in the same layout. */
export type GtadLogitGradients = Omit<GtadLogits, 'plan'>;

/** A forward pass that may be followed by one backward pass. */
export interface GtadPass {
  readonly logits: readonly GtadLogits[];
  backward(
    gradients: readonly GtadLogitGradients[],
  ): Promise<{ parameters: TensorMap; features: Float32Array | null }>;
  dispose(): void;
}

const WEIGHT = 'localization.0.weight';
const BIAS = 'localization.0.bias';

interface Item {
  readonly plan: AlignPlan;
  readonly graph: TapeNode;
  readonly context: TapeNode;
  readonly start: TapeNode;
  readonly end: TapeNode;
  readonly classes: TapeNode | null;
  /** Values after the map's first layer. // [rows, hidden3d] */
  readonly aligned: Float32Array;
  readonly alignedLeaf: TapeNode;
  readonly map: TapeNode;
}

/** Longest duration in a sequence of `steps`. */
export function durationsOf(config: GtadConfig, steps: number): number {
  return Math.min(steps, config.maxDuration ?? steps);
}

/** Rows of the map: all cells where 3 × 3 convolutions look beyond the valid ones. */
function expandRows(plan: AlignPlan, rows: Float32Array, channels: number, wholeMap: boolean): Float32Array {
  if (!wholeMap) return rows;
  const result = new Float32Array(plan.rowOfCell.length * channels);
  plan.rowOfCell.forEach((row, cell) =>
    result.set(rows.subarray(row * channels, (row + 1) * channels), cell * channels),
  );
  return result;
}

/** The transpose of `expandRows`: cells that share a row add up. */
function collapseRows(
  plan: AlignPlan,
  cells: Float32Array,
  channels: number,
  wholeMap: boolean,
): Float32Array {
  if (!wholeMap) return cells;
  const result = new Float32Array(plan.cells * channels);
  plan.rowOfCell.forEach((row, cell) => {
    for (let c = 0; c < channels; c += 1)
      result[row * channels + c] = result[row * channels + c]! + cells[cell * channels + c]!;
  });
  return result;
}

/** The layers of the map after the first. // [rows, hidden3d] → [rows, 2] */
function mapLayers(tape: Tape, weights: ParameterNodes, x: TapeNode, plan: AlignPlan): TapeNode {
  const conv = (input: TapeNode, layer: number): TapeNode => {
    const weight = weights.get(`localization.${layer}.weight`);
    const bias = weights.get(`localization.${layer}.bias`);
    const [outputs, inputs, kernel] = weight.shape as [number, number, number];
    if (kernel === 3) return conv2dMap(tape, input, weight, bias, plan.durations, plan.steps);
    return conv1dRows(tape, input, reshapeNode(tape, weight, [outputs, inputs, 1]), bias);
  };
  let y = reluNode(tape, conv(x, 2));
  y = reluNode(tape, conv(y, 4));
  y = reluNode(tape, conv(y, 6));
  return conv(y, 8);
}

async function rowsOf(node: TapeNode): Promise<Float32Array> {
  return (await node.tensor.data()) as Float32Array;
}

/** Runs the network on every sequence of a batch. */
export async function runGtad(
  config: GtadConfig,
  parameters: TensorMap,
  batch: DetectorBatch,
  options: { readonly recording: boolean; readonly featureGradients: boolean },
): Promise<GtadPass> {
  const before = createTape(options.recording);
  const after = createTape(options.recording);
  const dispose = (): void => {
    before.dispose();
    after.dispose();
  };
  const { inner, context: contextBins } = config.bins;
  const wide = config.hidden3d;
  const wholeMap = config.kernel2d === 3;
  try {
    const weights = parameterNodes(before, parameters, options.recording);
    const mapWeights = parameterNodes(after, parameters, options.recording);
    const steps = batch.shape[1];
    const input = before.leaf(
      tf.tensor2d(featureRows(batch, steps), [batch.shape[0] * (steps + 1), config.inChannels]),
      options.featureGradients,
    );
    const first = reluNode(
      before,
      conv1dRows(
        before,
        input,
        denseFromGroups(before, weights.get('backbone1.0.weight'), 4),
        weights.get('backbone1.0.bias'),
      ),
    );
    const classRows = config.numClasses > 0 ? classifierRows(before, weights, input) : null;
    const innerMatrix = binMatrix(before, weights.get(WEIGHT), inner + contextBins, 0, inner);
    const contextMatrix = binMatrix(before, weights.get(WEIGHT), inner + contextBins, inner, contextBins);
    const items: Item[] = [];
    for (let b = 0; b < batch.shape[0]; b += 1) {
      const length = batch.lengths[b]!;
      const plan = alignPlan(length, durationsOf(config, length), config.bins);
      const own = sliceRows(before, first, b * (steps + 1), length);
      const base = gcnext(before, weights, 'backbone1.2', own, await semanticGraph(before, own));
      const neighbours = await semanticGraph(before, base);
      const graph = gcnext(before, weights, 'backbone2.0', base, neighbours);
      const boundary = (name: string): TapeNode =>
        conv1dRows(
          before,
          gcnext(before, weights, `${name}.0`, base, neighbours),
          weights.get(`${name}.1.weight`),
          weights.get(`${name}.1.bias`),
        );
      const context = constantTimes(before, (await semanticGraph(before, graph)).mean, graph);
      const aligned = expandRows(
        plan,
        await align(plan, graph, context, innerMatrix, contextMatrix, parameters[BIAS]!, wide),
        wide,
        wholeMap,
      );
      const alignedLeaf = after.leaf(tf.tensor2d(aligned, [aligned.length / wide, wide]), true);
      items.push({
        plan,
        graph,
        context,
        start: boundary('regu_s'),
        end: boundary('regu_e'),
        classes: classRows === null ? null : sliceRows(before, classRows, b * (steps + 1), length),
        aligned: options.recording ? aligned : new Float32Array(0),
        alignedLeaf,
        map: mapLayers(after, mapWeights, alignedLeaf, plan),
      });
    }
    const logits = await Promise.all(
      items.map(async ({ plan, start, end, map, classes }) => ({
        plan,
        start: await rowsOf(start),
        end: await rowsOf(end),
        map: await rowsOf(map),
        ...(classes === null ? {} : { classes: await rowsOf(classes) }),
      })),
    );
    return {
      logits,
      dispose,
      async backward(gradients) {
        const seed = (node: TapeNode, data: Float32Array): [TapeNode, tf.Tensor] => [
          node,
          tf.tensor(data, [...node.shape]),
        ];
        after.backward(items.map((item, i) => seed(item.map, gradients[i]!.map)));
        const bias = new Float32Array(wide);
        const seeds: [TapeNode, tf.Tensor][] = [];
        for (const [i, item] of items.entries()) {
          const dAligned = (await item.alignedLeaf.gradient!.data()) as Float32Array;
          const masked = collapseRows(
            item.plan,
            dAligned.map((value, k) => (item.aligned[k]! > 0 ? value : 0)),
            wide,
            wholeMap,
          );
          masked.forEach((value, k) => (bias[k % wide] = bias[k % wide]! + value));
          seeds.push(...alignBackward(item, masked, innerMatrix, contextMatrix, wide, inner));
          seeds.push(seed(item.start, gradients[i]!.start), seed(item.end, gradients[i]!.end));
          const dClasses = gradients[i]!.classes;
          if (item.classes !== null && dClasses !== undefined) seeds.push(seed(item.classes, dClasses));
        }
        before.backward(seeds);
        const result: Record<string, HostTensor> = await weights.gradients();
        for (const [name, gradient] of Object.entries(await mapWeights.gradients())) {
          if (name.startsWith('localization.') && name !== WEIGHT && name !== BIAS) result[name] = gradient;
        }
        result[BIAS] = { shape: [wide], data: bias };
        const dInput = input.gradient;
        return {
          parameters: result,
          features:
            dInput === null ? null : featureGradients((await dInput.data()) as Float32Array, batch, steps),
        };
      },
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Per-step class logits of all rows. // [N, C] → [N, K] */
function classifierRows(tape: Tape, weights: ParameterNodes, input: TapeNode): TapeNode {
  const hidden = reluNode(
    tape,
    conv1dRows(tape, input, weights.get('classifier.0.weight'), weights.get('classifier.0.bias')),
  );
  return conv1dRows(tape, hidden, weights.get('classifier.2.weight'), weights.get('classifier.2.bias'));
}

/**
 * x · matrixᵀ, with the small factor on the right: WASM's product packs its right factor first, which for the large one takes as long
 * as the product. // [T, I] · [M, I]ᵀ → [T, M]
 */
function projectRows(x: tf.Tensor2D, matrix: tf.Tensor2D): tf.Tensor2D {
  return tf.transpose(tf.matMul(matrix, tf.transpose(x)));
}

/** The map after its first convolution and ReLU. // [cells, hidden3d] */
async function align(
  plan: AlignPlan,
  graph: TapeNode,
  context: TapeNode,
  innerMatrix: TapeNode,
  contextMatrix: TapeNode,
  bias: HostTensor,
  wide: number,
): Promise<Float32Array> {
  const [innerRows, contextRows] = tf.tidy(() => [
    projectRows(graph.tensor as tf.Tensor2D, innerMatrix.tensor as tf.Tensor2D),
    projectRows(context.tensor as tf.Tensor2D, contextMatrix.tensor as tf.Tensor2D),
  ]) as [tf.Tensor, tf.Tensor];
  const dense = new Float32Array(plan.matrix.columns * wide);
  dense.set(await innerRows.data());
  dense.set(await contextRows.data(), innerRows.size);
  tf.dispose([innerRows, contextRows]);
  const rows = multiplySparse(plan.matrix, dense, wide);
  for (let i = 0; i < rows.length; i += 1) rows[i] = Math.max(0, rows[i]! + bias.data[i % wide]!);
  return rows;
}

/** Seeds of the first tape from the gradient of the aligned map. */
function alignBackward(
  item: Item,
  gradient: Float32Array,
  innerMatrix: TapeNode,
  contextMatrix: TapeNode,
  wide: number,
  inner: number,
): [TapeNode, tf.Tensor][] {
  const dense = multiplySparse(item.plan.transposed, gradient, wide);
  const { steps } = item.plan;
  const split = steps * inner * wide;
  const seedsOf = (x: TapeNode, matrix: TapeNode, data: Float32Array): [TapeNode, tf.Tensor][] => {
    const [dx, dMatrix] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
      const dyTurned = tf.transpose(tf.tensor2d(data, [steps, data.length / steps]));
      const turned = tf.transpose(matrix.tensor as tf.Tensor2D);
      return [tf.transpose(tf.matMul(turned, dyTurned)), tf.matMul(dyTurned, x.tensor)];
    });
    return [
      [x, dx],
      [matrix, dMatrix],
    ];
  };
  return [
    ...seedsOf(item.graph, innerMatrix, dense.subarray(0, split)),
    ...seedsOf(item.context, contextMatrix, dense.subarray(split)),
  ];
}
