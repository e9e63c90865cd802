/**
 * G-TAD's network: forward to logits, backward from their gradients. Names and shapes are those of the authors' checkpoints.
 *
 * One tape for the graph layers, then the alignment on the host (`gtadAlign.ts`), then the map's layers in pieces (`gtadMap.ts`).
 */
import * as tf from '@tensorflow/tfjs-core';
import { addAndRelease, releaseNumbers, type TensorMap } from '#core/compute/hostTensor';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { denseFromGroups, constantTimes, reluNode, sliceRows } from '#core/compute/ops/elementwise';
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
import { alignBackward, alignForward, type AlignWeights } from './gtadAlign.ts';
import { runMap, type MapPass } from './gtadMap.ts';

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
  /** The map after its first layer and ReLU; after the map's backward pass their gradient. // [rows, hidden3d] */
  readonly aligned: Float32Array;
  readonly map: MapPass;
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
  const items: Item[] = [];
  const dispose = (): void => {
    before.dispose();
    for (const { map } of items) map.dispose();
  };
  const wide = config.hidden3d;
  const wholeMap = config.kernel2d === 3;
  try {
    const own = Object.entries(parameters).filter(([name]) => !name.startsWith('localization.'));
    const weights = parameterNodes(before, Object.fromEntries(own), options.recording);
    const aligning: AlignWeights = {
      weight: parameters[WEIGHT]!,
      bias: parameters[BIAS]!,
      bins: config.bins,
    };
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
      const rows = await alignForward(plan, { graph, context }, aligning);
      const aligned = expandRows(plan, rows, wide, wholeMap);
      items.push({
        plan,
        graph,
        context,
        start: boundary('regu_s'),
        end: boundary('regu_e'),
        classes: classRows === null ? null : sliceRows(before, classRows, b * (steps + 1), length),
        aligned,
        map: await runMap(parameters, aligned, plan, wide, {
          recording: options.recording,
          whole: wholeMap,
        }),
      });
    }
    const logits = await Promise.all(
      items.map(async ({ plan, start, end, map, classes }) => ({
        plan,
        start: await rowsOf(start),
        end: await rowsOf(end),
        map: map.logits,
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
        const seeds: [TapeNode, tf.Tensor][] = [];
        const bias = new Float32Array(wide);
        const dWeight = new Float32Array(aligning.weight.data.length);
        let ofMap: TensorMap | null = null;
        for (const [i, item] of items.entries()) {
          const { plan, graph, context, aligned } = item;
          const found = await item.map.backward(gradients[i]!.map);
          if (ofMap === null) ofMap = found;
          else addAndRelease(ofMap, found);
          for (let k = 0; k < aligned.length; k += 1) bias[k % wide] = bias[k % wide]! + aligned[k]!;
          const masked = collapseRows(plan, aligned, wide, wholeMap);
          seeds.push(...(await alignBackward(plan, { graph, context }, aligning, masked, dWeight)));
          releaseNumbers(aligned);
          releaseNumbers(masked);
          seeds.push(seed(item.start, gradients[i]!.start), seed(item.end, gradients[i]!.end));
          const dClasses = gradients[i]!.classes;
          if (item.classes !== null && dClasses !== undefined) seeds.push(seed(item.classes, dClasses));
        }
        before.backward(seeds);
        const result = await weights.gradients();
        for (const [name, gradient] of Object.entries(ofMap ?? {})) result[name] = gradient;
        result[WEIGHT] = { shape: aligning.weight.shape, data: dWeight };
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
