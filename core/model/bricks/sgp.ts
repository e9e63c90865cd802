/**
 * SGP, TriDet's block: an instant branch gated by the video's mean and a window branch of two kernel sizes, then an MLP.
 *
 * Shi et al., CVPR 2023, `SGPBlock` of `blocks.py`; names as in OpenTAD's `sgp.py`. Statistics over time use valid steps only, so padding
 * changes nothing.
 */
import * as tf from '@tensorflow/tfjs-core';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { addNodes, reluNode } from '#core/compute/ops/elementwise';
import {
  depthwiseConv,
  geluNode,
  groupNorm,
  maskNode,
  meanSteps,
  multiplyNodes,
  scaleChannels,
} from '#core/compute/ops/gates';
import { layerNormRows } from '#core/compute/ops/layerNorm';
import { reshapeNode } from '#core/compute/ops/sequence';
import type { ParameterNodes, Tape, TapeNode } from '#core/compute/ops/tape';
import type { ParameterDraft } from './initialise.ts';

/** PyTorch's default, which TriDet's block keeps. */
export const LAYER_NORM_EPSILON = 1e-5;
/** Groups of its group norm. */
export const GROUPS = 16;

/** Sizes of a block. */
export interface SgpShape {
  readonly width: number;
  /** Kernel of the window branch, odd. */
  readonly kernel: number;
  /** How much wider the second kernel is. */
  readonly widen: number;
  readonly hidden: number;
}

/** The second kernel: about (kernel + 1) · widen, odd. */
export function wideKernel({ kernel, widen }: SgpShape): number {
  const size = Math.round((kernel + 1) * widen);
  return size % 2 === 0 ? size + 1 : size;
}

/** What a block needs to know about one level of a batch. */
export interface LevelInfo {
  /** [B, T, 1] */
  readonly mask: tf.Tensor3D;
  readonly counts: readonly number[];
  /** Factor of the residual branches of each sequence: 0 or 1 / keep probability; null outside training. // [B, 1, 1] */
  readonly keep: () => tf.Tensor3D | null;
}

/** Adds the block's parameters to a draft; branches start almost closed, as with TriDet's affine drop path. */
export function draftSgp(draft: ParameterDraft, name: string, shape: SgpShape, deviation: number): void {
  const { width, kernel, hidden } = shape;
  draft.norm(`${name}.ln`, width);
  draft.norm(`${name}.gn`, width);
  for (const [layer, size] of [
    ['psi', kernel],
    ['fc', 1],
    ['convw', kernel],
    ['convkw', wideKernel(shape)],
    ['global_fc', 1],
  ] as const) {
    draft.normal(`${name}.${layer}.weight`, [width, 1, size], deviation);
    draft.filled(`${name}.${layer}.bias`, [width], 0);
  }
  draft.conv(`${name}.mlp.0`, [hidden, width, 1], true);
  draft.conv(`${name}.mlp.2`, [width, hidden, 1], true);
  draft.filled(`${name}.drop_path_out.scale`, [width], 1e-4);
  draft.filled(`${name}.drop_path_mlp.scale`, [width], 1e-4);
}

/** One block without its down-sampling. // [B, T, C] → [B, T, C] */
export function sgpBlock(
  tape: Tape,
  weights: ParameterNodes,
  name: string,
  x: TapeNode,
  level: LevelInfo,
): TapeNode {
  const [batch, steps] = x.shape as [number, number, number];
  const { mask, counts } = level;
  const rows = (node: TapeNode): TapeNode => reshapeNode(tape, node, [batch * steps, node.shape[2]!]);
  const sequences = (node: TapeNode): TapeNode => reshapeNode(tape, node, [batch, steps, node.shape[1]!]);
  const rowMask = tape.leaf(tf.reshape(mask, [batch * steps, 1]), false).tensor as tf.Tensor2D;
  const depthwise = (input: TapeNode, layer: string): TapeNode =>
    depthwiseConv(tape, input, weights.get(`${name}.${layer}.weight`), weights.get(`${name}.${layer}.bias`));
  const residual = (input: TapeNode, scale: string): TapeNode =>
    scaleChannels(tape, input, weights.get(`${name}.${scale}.scale`), level.keep());
  const normal = sequences(
    layerNormRows(tape, rows(x), weights.get(`${name}.ln.weight`), weights.get(`${name}.ln.bias`), {
      epsilon: LAYER_NORM_EPSILON,
      relu: false,
      mask: rowMask,
    }),
  );
  const gate = reluNode(tape, depthwise(meanSteps(tape, normal, counts, mask), 'global_fc'));
  const instant = multiplyNodes(tape, depthwise(normal, 'fc'), gate);
  const window = multiplyNodes(
    tape,
    addNodes(tape, [depthwise(normal, 'convw'), depthwise(normal, 'convkw')]),
    depthwise(normal, 'psi'),
  );
  const mixed = residual(addNodes(tape, [instant, window, normal]), 'drop_path_out');
  const out = maskNode(tape, addNodes(tape, [x, mixed]), mask);
  const grouped = groupNorm(
    tape,
    out,
    weights.get(`${name}.gn.weight`),
    weights.get(`${name}.gn.bias`),
    GROUPS,
    counts,
    mask,
  );
  const hidden = geluNode(
    tape,
    conv1dRows(tape, rows(grouped), weights.get(`${name}.mlp.0.weight`), weights.get(`${name}.mlp.0.bias`)),
  );
  const mlp = sequences(
    conv1dRows(tape, hidden, weights.get(`${name}.mlp.2.weight`), weights.get(`${name}.mlp.2.bias`)),
  );
  return maskNode(tape, addNodes(tape, [out, residual(mlp, 'drop_path_mlp')]), mask);
}
