/**
 * Small cases of every operation on the tape that heads use, for tests and for the engines' self-test.
 */
import * as tf from '@tensorflow/tfjs-core';
import { conv1dRows } from './conv1d.ts';
import { conv2dMap } from './conv2dMap.ts';
import {
  addNodes,
  concatColumns,
  constantTimes,
  denseFromGroups,
  maxOfThree,
  reluNode,
  sliceRows,
} from './elementwise.ts';
import {
  depthwiseConv,
  geluNode,
  groupNorm,
  maskNode,
  meanSteps,
  multiplyNodes,
  scaleChannels,
} from './gates.ts';
import { layerNormRows } from './layerNorm.ts';
import { concatSteps, firstSteps, halveByMaxPool, reshapeNode } from './sequence.ts';
import { createTape, type Tape, type TapeNode } from './tape.ts';

/** One operation and the shapes of its inputs. */
export interface OperationCase {
  readonly shapes: readonly (readonly number[])[];
  readonly run: (tape: Tape, inputs: readonly TapeNode[]) => TapeNode;
}

const rowMask = (): tf.Tensor2D => tf.tensor2d([1, 1, 1, 1, 0, 1, 1, 0], [8, 1]);
const stepMask = (steps: number, valid: number): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: 2 * steps }, (_, i) => (i < steps || i - steps < valid ? 1 : 0)),
    [2, steps, 1],
  );

/** The cases by name. Max pooling and ReLU see values of both signs. */
export const OPERATION_CASES: Readonly<Record<string, OperationCase>> = {
  conv1d: { shapes: [[8, 6], [5, 6, 3], [5]], run: (tape, [x, w, b]) => conv1dRows(tape, x!, w!, b!) },
  'conv1d, kernel 1, no bias': {
    shapes: [
      [8, 6],
      [5, 6, 1],
    ],
    run: (tape, [x, w]) => conv1dRows(tape, x!, w!, null),
  },
  conv2d: {
    shapes: [[12, 3], [4, 3, 3, 3], [4]],
    run: (tape, [x, w, b]) => conv2dMap(tape, x!, w!, b!, 3, 4),
  },
  'layer norm, relu, mask': {
    shapes: [[8, 6], [6], [6]],
    run: (tape, [x, s, b]) => layerNormRows(tape, x!, s!, b!, { epsilon: 1e-6, relu: true, mask: rowMask() }),
  },
  'layer norm, mask': {
    shapes: [[8, 6], [6], [6]],
    run: (tape, [x, s, b]) =>
      layerNormRows(tape, x!, s!, b!, { epsilon: 1e-6, relu: false, mask: rowMask() }),
  },
  reshape: { shapes: [[8, 6]], run: (tape, [x]) => reshapeNode(tape, x!, [2, 4, 6]) },
  'first steps': { shapes: [[2, 4, 3]], run: (tape, [x]) => firstSteps(tape, x!, 3) },
  'concat steps': {
    shapes: [
      [2, 4, 3],
      [2, 1, 3],
    ],
    run: (tape, [x, y]) => concatSteps(tape, [x!, y!, x!]),
  },
  'max pool': {
    shapes: [[2, 8, 3]],
    run: (tape, [x]) => halveByMaxPool(tape, reluNode(tape, x!), stepMask(4, 3)),
  },
  'max pool of any sign': {
    shapes: [[2, 8, 3]],
    run: (tape, [x]) => halveByMaxPool(tape, x!, stepMask(4, 3), stepMask(8, 5)),
  },
  relu: { shapes: [[8, 6]], run: (tape, [x]) => reluNode(tape, x!) },
  add: {
    shapes: [
      [8, 6],
      [8, 6],
    ],
    run: (tape, [x, y]) => addNodes(tape, [x!, y!, x!]),
  },
  'constant times': {
    shapes: [[4, 6]],
    run: (tape, [x]) => constantTimes(tape, tf.tensor2d([1, 0, 0, 0, 0, 0.5, 0.5, 0], [2, 4]), x!),
  },
  'concat columns': {
    shapes: [
      [8, 6],
      [8, 2],
    ],
    run: (tape, [x, y]) => concatColumns(tape, [x!, y!]),
  },
  'slice rows': { shapes: [[8, 6]], run: (tape, [x]) => sliceRows(tape, x!, 2, 5) },
  'max of three': { shapes: [[9, 4]], run: (tape, [x]) => maxOfThree(tape, x!) },
  'grouped weights': { shapes: [[6, 2, 3]], run: (tape, [w]) => denseFromGroups(tape, w!, 3) },
  'depthwise, kernel 5': {
    shapes: [[2, 7, 4], [4, 1, 5], [4]],
    run: (tape, [x, w, b]) => depthwiseConv(tape, x!, w!, b!),
  },
  'depthwise, kernel 1': {
    shapes: [[2, 7, 4], [4, 1, 1], [4]],
    run: (tape, [x, w, b]) => depthwiseConv(tape, x!, w!, b!),
  },
  multiply: {
    shapes: [
      [2, 7, 4],
      [2, 7, 4],
    ],
    run: (tape, [x, y]) => multiplyNodes(tape, x!, y!),
  },
  'multiply by gate': {
    shapes: [
      [2, 7, 4],
      [2, 1, 4],
    ],
    run: (tape, [x, y]) => multiplyNodes(tape, x!, y!),
  },
  'scale channels': { shapes: [[2, 7, 4], [4]], run: (tape, [x, s]) => scaleChannels(tape, x!, s!, null) },
  'scale channels, drop path': {
    shapes: [[2, 7, 4], [4]],
    run: (tape, [x, s]) => scaleChannels(tape, x!, s!, tf.tensor3d([0, 1.25], [2, 1, 1])),
  },
  mask: { shapes: [[2, 7, 4]], run: (tape, [x]) => maskNode(tape, x!, stepMask(7, 5)) },
  'mean of steps': {
    shapes: [[2, 7, 4]],
    run: (tape, [x]) => meanSteps(tape, maskNode(tape, x!, stepMask(7, 5)), [7, 5], stepMask(7, 5)),
  },
  gelu: { shapes: [[8, 6]], run: (tape, [x]) => geluNode(tape, x!) },
  'group norm': {
    shapes: [[2, 7, 8], [8], [8]],
    run: (tape, [x, s, b]) =>
      groupNorm(tape, maskNode(tape, x!, stepMask(7, 5)), s!, b!, 4, [7, 5], stepMask(7, 5)),
  },
};

/** What a case gives. */
export interface OperationResult {
  readonly output: Float32Array;
  readonly gradients: readonly Float32Array[];
}

/**
 * Runs a case on the current back end, forward and backward; leaves no tensors.
 * @param cotangents gradient of the output, at least as many as that has numbers
 */
export async function runOperation(
  operation: OperationCase,
  inputs: readonly Float32Array[],
  cotangents: Float32Array,
): Promise<OperationResult> {
  const tape = createTape(true);
  const nodes = inputs.map((data, i) => tape.leaf(tf.tensor(data, [...operation.shapes[i]!]), true));
  tf.engine().startScope();
  const out = operation.run(tape, nodes);
  const output = await out.tensor.data<'float32'>();
  tape.backward([[out, tf.tensor(cotangents.slice(0, output.length), [...out.shape])]]);
  const gradients = await Promise.all(nodes.map((node) => node.gradient!.data<'float32'>()));
  tape.dispose();
  tf.engine().endScope();
  return { output, gradients };
}
