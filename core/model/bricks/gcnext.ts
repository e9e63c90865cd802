/**
 * GCNeXt, G-TAD's block: a temporal graph (convolutions) beside a semantic graph (nearest neighbours in feature space).
 *
 * Xu et al., CVPR 2020, `gtad_lib/models.py`. Rows are the time steps of one sequence.
 */
import * as tf from '@tensorflow/tfjs-core';
import { conv1dRows } from '#core/compute/ops/conv1d';
import {
  addNodes,
  concatColumns,
  constantTimes,
  denseFromGroups,
  maxOfThree,
  reluNode,
} from '#core/compute/ops/elementwise';
import { reshapeNode } from '#core/compute/ops/sequence';
import type { ParameterNodes, Tape, TapeNode } from '#core/compute/ops/tape';

const NEIGHBOURS = 3;
const GROUPS = 32;

/** The neighbour graph of one sequence. Its tensors belong to the tape. */
export interface SemanticGraph {
  /** Row n · T + t picks the n-th neighbour of t. // [3 · T, T] */
  readonly neighbours: tf.Tensor2D;
  /** Row n · T + t picks t itself. // [3 · T, T] */
  readonly selves: tf.Tensor2D;
  /** Mean over the three neighbours. // [T, T] */
  readonly mean: tf.Tensor2D;
}

/**
 * The three nearest steps of each step, itself included, by squared distance; ties go to the earlier step.
 *
 * The choice is discrete and not differentiated. Short sequences repeat their last neighbour.
 *
 * @param products inner products of all pairs // [T, T]
 */
export function nearestSteps(products: ArrayLike<number>, steps: number): Int32Array {
  const nearest = new Int32Array(NEIGHBOURS * steps);
  const score = new Float64Array(steps);
  for (let t = 0; t < steps; t += 1) {
    // −‖x_t − x_j‖² without the term of t, which is the same for all j.
    for (let j = 0; j < steps; j += 1) score[j] = 2 * products[t * steps + j]! - products[j * steps + j]!;
    for (let n = 0; n < NEIGHBOURS; n += 1) {
      if (n >= steps) {
        nearest[n * steps + t] = nearest[(steps - 1) * steps + t]!;
        continue;
      }
      let best = 0;
      for (let j = 1; j < steps; j += 1) if (score[j]! > score[best]!) best = j;
      nearest[n * steps + t] = best;
      score[best] = -Infinity;
    }
  }
  return nearest;
}

/** Builds the graph of a node's own features. // x: [T, C] */
export async function semanticGraph(tape: Tape, x: TapeNode): Promise<SemanticGraph> {
  const steps = x.shape[0]!;
  const products = tf.tidy(() => tf.matMul(x.tensor as tf.Tensor2D, tf.transpose(x.tensor as tf.Tensor2D)));
  const nearest = nearestSteps(await products.data(), steps);
  products.dispose();
  const rows = NEIGHBOURS * steps;
  const neighbours = new Float32Array(rows * steps);
  const selves = new Float32Array(rows * steps);
  const mean = new Float32Array(steps * steps);
  for (let row = 0; row < rows; row += 1) {
    const t = row % steps;
    neighbours[row * steps + nearest[row]!] = 1;
    selves[row * steps + t] = 1;
    mean[t * steps + nearest[row]!] = mean[t * steps + nearest[row]!]! + 1 / NEIGHBOURS;
  }
  const upload = (data: Float32Array, height: number): tf.Tensor2D =>
    tape.leaf(tf.tensor2d(data, [height, steps]), false).tensor as tf.Tensor2D;
  return { neighbours: upload(neighbours, rows), selves: upload(selves, rows), mean: upload(mean, steps) };
}

/** One block on the rows of one sequence. // [T, C] → [T, C] */
export function gcnext(
  tape: Tape,
  weights: ParameterNodes,
  name: string,
  x: TapeNode,
  graph: SemanticGraph,
): TapeNode {
  const conv = (input: TapeNode, layer: string, groups: number): TapeNode => {
    const weight = weights.get(`${name}.${layer}.weight`);
    const [outputs, inputs, kernel] = weight.shape as [number, number, number];
    const flat = weight.shape.length === 4 ? reshapeNode(tape, weight, [outputs, inputs, kernel]) : weight;
    return conv1dRows(
      tape,
      input,
      groups === 1 ? flat : denseFromGroups(tape, flat, groups),
      weights.get(`${name}.${layer}.bias`),
    );
  };
  const bottleneck = (input: TapeNode, path: string): TapeNode => {
    const narrow = reluNode(tape, conv(input, `${path}.0`, 1));
    return conv(reluNode(tape, conv(narrow, `${path}.2`, GROUPS)), `${path}.4`, 1);
  };
  const temporal = bottleneck(x, 'tconvs');
  const edges = concatColumns(tape, [
    constantTimes(tape, graph.neighbours, x),
    constantTimes(tape, graph.selves, x),
  ]);
  const semantic = maxOfThree(tape, bottleneck(edges, 'sconvs'));
  return reluNode(tape, addNodes(tape, [temporal, x, semantic]));
}
