/**
 * Operations of TriDet's SGP block on sequences [B, T, C]: depthwise convolution, gates, GELU, group norm, masked means.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tape, TapeNode } from './tape.ts';

/** Sum over batch and time. // [B, T, C] → [C] */
function sumAll(x: tf.Tensor): tf.Tensor1D {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const rows = tf.reshape<tf.Rank.R2>(x, [batch * steps, channels]);
  return tf.reshape(tf.matMul(tf.ones<tf.Rank.R2>([1, batch * steps]), rows), [channels]);
}

/**
 * Convolution of each channel by itself, zero padding (k − 1) / 2.
 *
 * @param x [B, T, C]
 * @param weight [C, 1, k], k odd
 * @param bias [C]
 */
export function depthwiseConv(tape: Tape, x: TapeNode, weight: TapeNode, bias: TapeNode): TapeNode {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const kernel = weight.shape[2]!;
  const half = (kernel - 1) / 2;
  const padded = (tensor: tf.Tensor): tf.Tensor3D =>
    half === 0
      ? (tensor as tf.Tensor3D)
      : (tf.pad(tensor, [
          [0, 0],
          [half, half],
          [0, 0],
        ]) as tf.Tensor3D);
  const from = (tensor: tf.Tensor3D, j: number): tf.Tensor3D =>
    half === 0 ? tensor : tf.slice(tensor, [0, j, 0], [batch, steps, channels]);
  return tape.apply([x, weight, bias], () => {
    const taps = tf.split(tf.transpose(tf.reshape(weight.tensor, [channels, kernel])), kernel, 0);
    const wide = padded(x.tensor);
    const sum = taps.reduce<tf.Tensor>(
      (total, tap, j) => tf.add(total, tf.mul(from(wide, j), tap)),
      bias.tensor,
    );
    return {
      output: sum,
      saved: half === 0 ? taps : [wide, ...taps],
      backward: (dy) => {
        const wideDy = padded(dy);
        const dx = taps.reduce<tf.Tensor | null>((total, tap, j) => {
          const part = tf.mul(from(wideDy, kernel - 1 - j), tap);
          return total === null ? part : tf.add(total, part);
        }, null);
        const dTaps = taps.map((_, j) => sumAll(tf.mul(from(wide, j), dy)));
        return [dx, tf.reshape(tf.transpose(tf.stack(dTaps)), [channels, 1, kernel]), sumAll(dy)];
      },
    };
  });
}

/** a · b; b may have one step, which then holds for all. // [B, T, C] · [B, T or 1, C] */
export function multiplyNodes(tape: Tape, a: TapeNode, b: TapeNode): TapeNode {
  const broadcast = a.shape[1] !== b.shape[1];
  return tape.apply([a, b], () => ({
    output: tf.mul(a.tensor, b.tensor),
    backward: (dy) => {
      const db = tf.mul(dy, a.tensor);
      return [tf.mul(dy, b.tensor), broadcast ? tf.sum(db, 1, true) : db];
    },
  }));
}

/** Channel-wise factor, and one factor per sequence that is not trained (stochastic depth). // [B, T, C], [C], [B, 1, 1] */
export function scaleChannels(tape: Tape, x: TapeNode, scale: TapeNode, keep: tf.Tensor3D | null): TapeNode {
  return tape.apply([x, scale], () => {
    const factor = keep === null ? scale.tensor : tf.mul(keep, scale.tensor);
    return {
      output: tf.mul(x.tensor, factor),
      saved: keep === null ? [] : [factor],
      backward: (dy) => {
        const products = tf.mul(dy, x.tensor);
        return [tf.mul(dy, factor), sumAll(keep === null ? products : tf.mul(products, keep))];
      },
    };
  });
}

/** x · mask. */
export function maskNode(tape: Tape, x: TapeNode, mask: tf.Tensor): TapeNode {
  return tape.apply([x], () => ({ output: tf.mul(x.tensor, mask), backward: (dy) => [tf.mul(dy, mask)] }));
}

/** Mean over the valid steps; rows beyond them must be zero. // [B, T, C] → [B, 1, C] */
export function meanSteps(tape: Tape, x: TapeNode, counts: readonly number[], mask: tf.Tensor3D): TapeNode {
  return tape.apply([x], () => {
    const inverse = tf.tensor3d(
      counts.map((count) => 1 / count),
      [counts.length, 1, 1],
    );
    return {
      output: tf.mul(tf.sum(x.tensor, 1, true), inverse),
      saved: [inverse],
      backward: (dy) => [tf.mul(tf.mul(dy, inverse), mask)],
    };
  });
}

/** GELU with the exact error function, as PyTorch's default. */
export function geluNode(tape: Tape, x: TapeNode): TapeNode {
  return tape.apply([x], () => {
    const share = tf.mul(tf.add(tf.erf(tf.mul(x.tensor, Math.SQRT1_2)), 1), 0.5);
    return {
      output: tf.mul(x.tensor, share),
      saved: [share],
      backward: (dy) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x.tensor), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(share, tf.mul(x.tensor, density)))];
      },
    };
  });
}

/**
 * Group norm over the valid steps of each sequence; the result is masked.
 *
 * @param x [B, T, C], zero beyond the valid steps
 * @param scale [C]
 * @param shift [C]
 */
export function groupNorm(
  tape: Tape,
  x: TapeNode,
  scale: TapeNode,
  shift: TapeNode,
  groups: number,
  counts: readonly number[],
  mask: tf.Tensor3D,
): TapeNode {
  const [batch, , channels] = x.shape as [number, number, number];
  const perGroup = channels / groups;
  return tape.apply([x, scale, shift], () => {
    // Mean over a group's channels, spread to all of them. [C, C]
    const spread = tf.tensor2d(
      Float32Array.from({ length: channels * channels }, (_, i) =>
        Math.floor(i / channels / perGroup) === Math.floor((i % channels) / perGroup) ? 1 / perGroup : 0,
      ),
      [channels, channels],
    );
    const inverseCount = tf.tensor3d(
      counts.map((count) => 1 / count),
      [batch, 1, 1],
    );
    const meanOf = (tensor: tf.Tensor): tf.Tensor => {
      const sums = tf.reshape<tf.Rank.R2>(tf.sum(tensor, 1), [batch, channels]);
      return tf.mul(tf.reshape(tf.matMul(sums, spread), [batch, 1, channels]), inverseCount);
    };
    const centred = tf.mul(tf.sub(x.tensor, meanOf(x.tensor)), mask);
    const inverse = tf.rsqrt(tf.add(meanOf(tf.square(centred)), 1e-5));
    const normal = tf.mul(centred, inverse);
    return {
      output: tf.mul(tf.add(tf.mul(normal, scale.tensor), shift.tensor), mask),
      saved: [normal, inverse, spread, inverseCount],
      backward: (gradient) => {
        const dy = tf.mul(gradient, mask);
        const dNormal = tf.mul(dy, scale.tensor);
        const along = tf.mul(normal, meanOf(tf.mul(dNormal, normal)));
        const dx = tf.mul(tf.mul(tf.sub(tf.sub(dNormal, meanOf(dNormal)), along), inverse), mask);
        return [dx, sumAll(tf.mul(dy, normal)), sumAll(dy)];
      },
    };
  });
}
