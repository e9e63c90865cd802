/**
 * The layers of G-TAD's map after the first, in pieces.
 *
 * With 1 × 1 convolutions (ActivityNet) cells do not see each other: they pass in pieces, and again when gradients are wanted, so that one
 * piece's values are held and not those of thousands of cells. The 3 × 3 convolutions of the THUMOS variant take the map whole.
 */
import * as tf from '@tensorflow/tfjs-core';
import { addAndRelease, releaseNumbers, type TensorMap } from '#core/compute/hostTensor';
import { conv1dRows } from '#core/compute/ops/conv1d';
import { conv2dMap } from '#core/compute/ops/conv2dMap';
import { reluNode } from '#core/compute/ops/elementwise';
import { reshapeNode } from '#core/compute/ops/sequence';
import {
  createTape,
  parameterNodes,
  type ParameterNodes,
  type Tape,
  type TapeNode,
} from '#core/compute/ops/tape';
import type { AlignPlan } from '#core/model/bricks/subGraphAlign';

/** Bytes of a piece's input. */
const PIECE_BYTES = 2.6e6;

/** The map's logits, which may be followed by one backward pass. */
export interface MapPass {
  /** Columns regression, classification. // [rows, 2] */
  readonly logits: Float32Array;
  /** Gradients of the layers' parameters. The input's, through the ReLU that it came from, take the place of its values. */
  backward(gradient: Float32Array): Promise<TensorMap>;
  dispose(): void;
}

interface Piece {
  readonly tape: Tape;
  readonly weights: ParameterNodes;
  readonly input: TapeNode;
  readonly output: TapeNode;
}

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

/**
 * Runs the layers.
 * @param parameters the head's
 * @param rows the map after its first layer and ReLU; with `recording` it belongs to the pass // [rows, channels]
 * @param whole whether cells see their neighbours
 */
export async function runMap(
  parameters: TensorMap,
  rows: Float32Array,
  plan: AlignPlan,
  channels: number,
  options: { readonly recording: boolean; readonly whole: boolean; readonly pieceBytes?: number },
): Promise<MapPass> {
  const own: TensorMap = {};
  for (const [name, tensor] of Object.entries(parameters)) {
    if (/^localization\.[2468]\./.test(name)) own[name] = tensor;
  }
  const count = rows.length / channels;
  const atOnce = options.whole
    ? count
    : Math.max(1, Math.floor((options.pieceBytes ?? PIECE_BYTES) / (4 * channels)));
  const pieces = Math.ceil(count / atOnce);
  const rangeOf = (piece: number): [number, number] => [
    Math.round((piece * count) / pieces),
    Math.round(((piece + 1) * count) / pieces),
  ];
  const forward = (piece: number, recording: boolean): Piece => {
    const [from, to] = rangeOf(piece);
    const tape = createTape(recording);
    const weights = parameterNodes(tape, own, recording);
    const values = rows.subarray(from * channels, to * channels);
    const input = tape.leaf(tf.tensor2d(values, [to - from, channels]), recording);
    return { tape, weights, input, output: mapLayers(tape, weights, input, plan) };
  };
  const logits = new Float32Array(count * 2);
  // A single piece keeps its tape; several are passed again.
  let kept: Piece | null = null;
  for (let piece = 0; piece < pieces; piece += 1) {
    const passed = forward(piece, options.recording && pieces === 1);
    logits.set(await passed.output.tensor.data(), rangeOf(piece)[0] * 2);
    if (pieces === 1) kept = passed;
    else passed.tape.dispose();
  }
  return {
    logits,
    backward: async (gradient) => {
      let sums: TensorMap | null = null;
      for (let piece = 0; piece < pieces; piece += 1) {
        const [from, to] = rangeOf(piece);
        const { tape, weights, input, output } = kept ?? forward(piece, true);
        const seed = tf.tensor2d(gradient.subarray(from * 2, to * 2), [to - from, 2]);
        tape.backward([[output, seed]]);
        const dInput = (await input.gradient!.data()) as Float32Array;
        const values = rows.subarray(from * channels, to * channels);
        for (let i = 0; i < values.length; i += 1) values[i] = values[i]! > 0 ? dInput[i]! : 0;
        releaseNumbers(dInput);
        const found = await weights.gradients();
        if (sums === null) sums = found;
        else addAndRelease(sums, found);
        tape.dispose();
      }
      kept = null;
      return sums ?? {};
    },
    dispose: () => {
      kept?.tape.dispose();
      kept = null;
    },
  };
}
