/**
 * Every operation on the WASM back end gives what the plain back end gives, forward and backward, and its gradients are slopes.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
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

interface Operation {
  readonly shapes: readonly (readonly number[])[];
  readonly run: (tape: Tape, inputs: readonly TapeNode[]) => TapeNode;
}

const rowMask = (): tf.Tensor2D => tf.tensor2d([1, 1, 1, 1, 0, 1, 1, 0], [8, 1]);
const stepMask = (steps: number, valid: number): tf.Tensor3D =>
  tf.tensor3d(
    Array.from({ length: 2 * steps }, (_, i) => (i < steps || i - steps < valid ? 1 : 0)),
    [2, steps, 1],
  );

const operations: Record<string, Operation> = {
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

interface Result {
  readonly output: Float32Array;
  readonly gradients: readonly Float32Array[];
}

const random = createRandom(11);
const cotangents = Float32Array.from({ length: 400 }, () => random.normal());

async function evaluate(
  backend: string,
  operation: Operation,
  inputs: readonly Float32Array[],
): Promise<Result> {
  await tf.setBackend(backend);
  const tape = createTape(true);
  const nodes = inputs.map((data, i) => tape.leaf(tf.tensor(data, [...operation.shapes[i]!]), true));
  const out = operation.run(tape, nodes);
  const output = (await out.tensor.data()) as Float32Array;
  tape.backward([[out, tf.tensor(cotangents.slice(0, output.length), [...out.shape])]]);
  const gradients = await Promise.all(
    nodes.map(async (node) => (await node.gradient!.data()) as Float32Array),
  );
  tape.dispose();
  return { output, gradients };
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((most, value) => Math.max(most, value), 0);

describe.each(Object.entries(operations))('%s', (_name, operation) => {
  const inputs = operation.shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  );

  it('is the same on WASM and on the plain back end', async () => {
    const wasm = await evaluate('wasm', operation, inputs);
    const plain = await evaluate('cpu', operation, inputs);
    expect(worst(wasm.output, plain.output)).toBeLessThan(1e-5);
    wasm.gradients.forEach((gradient, i) =>
      expect(worst(gradient, plain.gradients[i]!), `gradient ${i}`).toBeLessThan(1e-5),
    );
  });

  it('has the slope that its gradient says', async () => {
    const { gradients } = await evaluate('wasm', operation, inputs);
    const value = async (at: readonly Float32Array[]): Promise<number> =>
      (await evaluate('wasm', operation, at)).output.reduce((sum, y, i) => sum + y * cotangents[i]!, 0);
    for (const [i, input] of inputs.entries()) {
      const direction = input.map((_, j) => Math.sin(3 * j + i));
      const moved = async (by: number): Promise<number> =>
        value(inputs.map((other, j) => (i === j ? other.map((x, k) => x + by * direction[k]!) : other)));
      const slope = ((await moved(1e-3)) - (await moved(-1e-3))) / 2e-3;
      const expected = gradients[i]!.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      expect(Math.abs(slope - expected)).toBeLessThan(0.02 * Math.abs(expected) + 0.02);
    }
  });
});
