/**
 * The gradient of 3×3 max pooling with stride 2 and padding 1, composed of ONNX nodes.
 *
 * A second MaxPool node gives the position of each maximum (the first in row order, as PyTorch has it), and the gradients are added there.
 */
import type { GraphValue, GraphWriter } from './graphWriter.ts';
import { reshape } from './forwardGraph.ts';

/** Name of the node that finds positions: graphics providers lack it, and are told to leave it to the processor. */
export const POOL_POSITIONS_NODE = 'pool positions';

const count = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

/** Gradient of the pool's input. input: [N, C, H, W], output and gradient: [N, C, H', W'] */
export function emitMaxPoolGradient(
  writer: GraphWriter,
  input: GraphValue,
  output: GraphValue,
  gradient: GraphValue,
): GraphValue {
  const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  const [, positions] = writer.nodes(
    'MaxPool',
    [input],
    [output.shape, output.shape],
    attributes,
    POOL_POSITIONS_NODE,
  );
  const total = count(input.shape);
  const zeros = writer.node('ConstantOfShape', [writer.integers([total])], [total]);
  const flatPositions = reshape(writer, positions!, [count(output.shape)]);
  const flatGradient = reshape(writer, gradient, [count(output.shape)]);
  const scattered = writer.node('ScatterElements', [zeros, flatPositions, flatGradient], [total], {
    axis: 0,
    reduction: 'add',
  });
  return reshape(writer, scattered, input.shape);
}
