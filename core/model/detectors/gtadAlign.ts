/**
 * The map's first convolution and its alignment, forward and backward, on the host a few bins at a time.
 *
 * Features are projected per bin by the convolution's weight and then gathered into the map by the plan's sparse matrix. The weight is
 * the head's largest tensor by far (19 MB at ActivityNet's setting): whole copies of it, in another order and as gradients, would be most
 * of what a step needs.
 */
import * as tf from '@tensorflow/tfjs-core';
import { releaseNumbers, type HostTensor } from '#core/compute/hostTensor';
import { multiplySparse } from '#core/compute/ops/sparseRows';
import type { TapeNode } from '#core/compute/ops/tape';
import type { AlignBins, AlignPlan } from '#core/model/bricks/subGraphAlign';

/** The first convolution of the map. */
export interface AlignWeights {
  /** [O, I · (inner + context), 1, 1], input channel c · bins + r */
  readonly weight: HostTensor;
  /** [O] */
  readonly bias: HostTensor;
  readonly bins: AlignBins;
}

/** What is aligned: features of the graph and of their neighbours. */
export interface AlignSources {
  /** [T, I] */
  readonly graph: TapeNode;
  /** [T, I] */
  readonly context: TapeNode;
}

/** Bins that are projected at a time. */
const BINS_AT_ONCE = 4;

interface BinRange {
  readonly source: keyof AlignSources;
  /** First bin among all bins, and among those of its source. */
  readonly first: number;
  readonly inSource: number;
  readonly count: number;
  /** Bins of the source. */
  readonly of: number;
  /** Where the source's rows begin among the plan's columns, in steps. */
  readonly before: number;
}

function binRanges({ inner, context }: AlignBins): BinRange[] {
  const ranges = (source: keyof AlignSources, of: number, before: number): BinRange[] =>
    Array.from({ length: Math.ceil(of / BINS_AT_ONCE) }, (_, i) => {
      const inSource = i * BINS_AT_ONCE;
      const count = Math.min(BINS_AT_ONCE, of - inSource);
      return { source, first: before + inSource, inSource, count, of, before };
    });
  return [...ranges('graph', inner, 0), ...ranges('context', context, inner)];
}

/** Some bins of the weight as the matrix that projects features. // [count · O, I] */
function binMatrix({ weight, bins }: AlignWeights, { first, count }: BinRange): Float32Array {
  const all = bins.inner + bins.context;
  const outputs = weight.shape[0]!;
  const inputs = weight.shape[1]! / all;
  const matrix = new Float32Array(count * outputs * inputs);
  for (let o = 0, at = first; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1, at += all) {
      for (let b = 0; b < count; b += 1) matrix[(b * outputs + o) * inputs + i] = weight.data[at + b]!;
    }
  }
  return matrix;
}

/** Where a range's row of step t lies among the plan's columns. */
const columnOf = ({ before, of, inSource }: BinRange, steps: number, t: number): number =>
  steps * before + t * of + inSource;

/** The map after its first convolution and ReLU. // [cells, O] */
export async function alignForward(
  plan: AlignPlan,
  sources: AlignSources,
  weights: AlignWeights,
): Promise<Float32Array> {
  const wide = weights.weight.shape[0]!;
  const dense = new Float32Array(plan.matrix.columns * wide);
  for (const range of binRanges(weights.bins)) {
    // The small factor on the right: WASM's product packs its right factor first, which for the large one takes as long as the product.
    const matrix = binMatrix(weights, range);
    const size = range.count * wide;
    const projected = tf.tidy(() =>
      tf.transpose(
        tf.matMul(
          tf.tensor2d(matrix, [size, matrix.length / size]),
          tf.transpose(sources[range.source].tensor),
        ),
      ),
    );
    const rows = (await projected.data()) as Float32Array;
    projected.dispose();
    for (let t = 0; t < plan.steps; t += 1) {
      dense.set(rows.subarray(t * size, (t + 1) * size), columnOf(range, plan.steps, t) * wide);
    }
    for (const each of [matrix, rows]) releaseNumbers(each);
  }
  const rows = multiplySparse(plan.matrix, dense, wide);
  releaseNumbers(dense);
  const { data: bias } = weights.bias;
  for (let at = 0; at < rows.length; at += wide) {
    for (let c = 0; c < wide; c += 1) rows[at + c] = Math.max(0, rows[at + c]! + bias[c]!);
  }
  return rows;
}

/**
 * Gradients from that of the map before its ReLU.
 * @param dWeight in the weight's order; is added to
 * @returns seeds of the sources
 */
export async function alignBackward(
  plan: AlignPlan,
  sources: AlignSources,
  weights: AlignWeights,
  gradient: Float32Array,
  dWeight: Float32Array,
): Promise<[TapeNode, tf.Tensor][]> {
  const wide = weights.weight.shape[0]!;
  const all = weights.bins.inner + weights.bins.context;
  const dense = multiplySparse(plan.transposed, gradient, wide);
  const sums: Partial<Record<keyof AlignSources, tf.Tensor>> = {};
  for (const range of binRanges(weights.bins)) {
    const { source, count, first } = range;
    const x = sources[source].tensor;
    const size = count * wide;
    const rows = new Float32Array(plan.steps * size);
    for (let t = 0; t < plan.steps; t += 1) {
      const from = columnOf(range, plan.steps, t) * wide;
      rows.set(dense.subarray(from, from + size), t * size);
    }
    const before = sums[source];
    const matrix = binMatrix(weights, range);
    const [dx, dMatrix] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
      const turned = tf.transpose(tf.tensor2d(rows, [plan.steps, size]));
      const part = tf.transpose(tf.matMul(tf.transpose(tf.tensor2d(matrix, [size, x.shape[1]!])), turned));
      return [before === undefined ? part : tf.add(before, part), tf.matMul(turned, x)];
    });
    before?.dispose();
    sums[source] = dx;
    const found = (await dMatrix.data()) as Float32Array;
    dMatrix.dispose();
    const inputs = x.shape[1]!;
    for (let o = 0, at = first; o < wide; o += 1) {
      for (let i = 0; i < inputs; i += 1, at += all) {
        for (let b = 0; b < count; b += 1)
          dWeight[at + b] = dWeight[at + b]! + found[(b * wide + o) * inputs + i]!;
      }
    }
    for (const each of [matrix, rows, found]) releaseNumbers(each);
  }
  releaseNumbers(dense);
  return (['graph', 'context'] as const).map((source) => [sources[source], sums[source]!]);
}
