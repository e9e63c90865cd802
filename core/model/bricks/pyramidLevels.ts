/**
 * What the pyramid heads share on the tape: masks of the levels, the embedding of the features, and the neck that joins the levels.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layerNormRows } from '#core/compute/ops/layerNorm';
import { concatSteps, firstSteps, reshapeNode } from '#core/compute/ops/sequence';
import type { ParameterNodes, Tape, TapeNode } from '#core/compute/ops/tape';
import type { DetectorBatch } from '#core/model/detector';
import { NORM_EPSILON, tower } from './convBlocks.ts';
import { pyramidMask, type PyramidLayout } from './pyramid.ts';
import { featureRows } from './sequenceInput.ts';

/** Masks as tensors, 1 where a row is valid. They belong to the tape. */
export interface PyramidMasks {
  /** [B · rows, 1] */
  readonly all: tf.Tensor2D;
  /** First level with its gap. // [B · (T + 1), 1] */
  readonly embed: tf.Tensor2D;
  /** Each level without gap. // [B, T / stride, 1] */
  readonly levels: readonly tf.Tensor3D[];
  /** Valid steps of each sequence at each level. */
  readonly counts: readonly (readonly number[])[];
}

/** Name of the factor of a level's offsets. */
export const scaleName = (level: number): string => `rpn_head.scale.${level}.scale`;

/** Uploads the masks of a batch. */
export function pyramidMasks(tape: Tape, layout: PyramidLayout, lengths: readonly number[]): PyramidMasks {
  const mask = pyramidMask(layout, lengths);
  const items = lengths.length;
  const ofLevel = (level: number, gap: 0 | 1): Float32Array => {
    const { firstRow, steps } = layout.levels[level]!;
    const result = new Float32Array(items * (steps + gap));
    for (let item = 0; item < items; item += 1) {
      const from = item * layout.rows + firstRow;
      result.set(mask.subarray(from, from + steps), item * (steps + gap));
    }
    return result;
  };
  const own = <T extends tf.Tensor>(tensor: T): T => tape.leaf(tensor, false).tensor as T;
  return {
    all: own(tf.tensor2d(mask, [items * layout.rows, 1])),
    embed: own(tf.tensor2d(ofLevel(0, 1), [items * (layout.steps + 1), 1])),
    levels: layout.levels.map(({ steps }, level) => own(tf.tensor3d(ofLevel(level, 0), [items, steps, 1]))),
    counts: layout.levels.map(({ stride }) => lengths.map((length) => Math.ceil(length / stride))),
  };
}

/** The features as a leaf and their embedding. */
export interface Embedding {
  /** [B · (T + 1), C] */
  readonly input: TapeNode;
  /** [B, T, width] */
  readonly embedded: TapeNode;
}

/** `projection.embed`: convolution, norm and ReLU, `layers` times. */
export function embedFeatures(
  tape: Tape,
  weights: ParameterNodes,
  layout: PyramidLayout,
  masks: PyramidMasks,
  batch: DetectorBatch,
  options: {
    readonly inChannels: number;
    readonly width: number;
    readonly layers: number;
    readonly wantInput: boolean;
  },
): Embedding {
  const items = batch.shape[0];
  const rows = featureRows(batch, layout.steps);
  const input = tape.leaf(
    tf.tensor2d(rows, [items * (layout.steps + 1), options.inChannels]),
    options.wantInput,
  );
  const flat = tower(tape, weights, 'projection.embed', options.layers, input, masks.embed);
  const withGap = reshapeNode(tape, flat, [items, layout.steps + 1, options.width]);
  return { input, embedded: firstSteps(tape, withGap, layout.steps) };
}

/** `neck.fpn_norms`: the identity neck normalises each level; then all levels become rows with a gap after each. // [B · rows, C] */
export function joinLevels(
  tape: Tape,
  weights: ParameterNodes,
  layout: PyramidLayout,
  masks: PyramidMasks,
  levels: readonly TapeNode[],
): TapeNode {
  const [items, , width] = levels[0]!.shape as [number, number, number];
  const gap = tape.leaf(tf.zeros([items, 1, width]), false);
  const parts = levels.flatMap((level, i) => {
    const steps = level.shape[1]!;
    const normal = layerNormRows(
      tape,
      reshapeNode(tape, level, [items * steps, width]),
      weights.get(`neck.fpn_norms.${i}.weight`),
      weights.get(`neck.fpn_norms.${i}.bias`),
      {
        epsilon: NORM_EPSILON,
        relu: false,
        mask: tape.leaf(tf.reshape(masks.levels[i]!, [items * steps, 1]), false).tensor as tf.Tensor2D,
      },
    );
    return [reshapeNode(tape, normal, [items, steps, width]), gap];
  });
  return reshapeNode(tape, concatSteps(tape, parts), [items * layout.rows, width]);
}
