/**
 * G-TAD as an ONNX graph with constant weights, for other programs.
 *
 * The same network as `detectors/gtadNetwork.ts`: features are projected per bin, then aligned by one matrix. ONNX has no sparse product, so
 * the matrix is scattered into a dense one when the file is opened (72 MB for a hundred steps). One sequence of exactly `steps` steps.
 * Candidate (d, s) reaches from step s to step s + d + 1; those beyond the end mean nothing.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { alignPlan, type AlignPlan } from '#core/model/bricks/subGraphAlign';
import type { GtadConfig } from '#core/model/detectors/config';
import { durationsOf } from '#core/model/detectors/gtadNetwork';
import type { GraphValue, GraphWriter } from './graphWriter.ts';
import { conv, createHeadWriter, HEAD_VALUES, swap, type HeadWriter } from './headGraph.ts';

const NEIGHBOURS = 3;
const GROUPS = 32;

function reshape(writer: GraphWriter, x: GraphValue, shape: readonly number[]): GraphValue {
  return writer.node('Reshape', [x, writer.integers(shape)], shape);
}

function relu(writer: GraphWriter, x: GraphValue): GraphValue {
  return writer.node('Relu', [x], x.shape);
}

/** The three nearest steps of each step, itself included. // x: [1, C, T] → indices [T, 3] */
function nearest(writer: GraphWriter, x: GraphValue): GraphValue {
  const [, channels, steps] = x.shape as [number, number, number];
  const flat = reshape(writer, x, [channels, steps]);
  const rows = writer.node('Transpose', [flat], [steps, channels], { perm: [1, 0] });
  const products = writer.node('MatMul', [rows, flat], [steps, steps]);
  const squares = writer.node('Mul', [flat, flat], [channels, steps]);
  const lengths = writer.node('ReduceSum', [squares, writer.integers([0])], [1, steps], { keepdims: 1 });
  const two = writer.constant(Float32Array.of(2), [1]);
  const doubled = writer.node('Mul', [products, two], [steps, steps]);
  const scores = writer.node('Sub', [doubled, lengths], [steps, steps]);
  const shape = [steps, NEIGHBOURS];
  const [, indices] = writer.nodes('TopK', [scores, writer.integers([NEIGHBOURS])], [shape, shape], {
    axis: 1,
    largest: 1,
    sorted: 1,
  });
  return indices!;
}

/** Features of the neighbours. // x: [1, C, T] → [1, C, T, 3] */
function neighbourFeatures(writer: GraphWriter, x: GraphValue, indices: GraphValue): GraphValue {
  const [, channels, steps] = x.shape as [number, number, number];
  return writer.node('Gather', [x, indices], [1, channels, steps, NEIGHBOURS], { axis: 2 });
}

/** GCNeXt. // [1, C, T] → [1, C, T] */
function gcnext(head: HeadWriter, x: GraphValue, indices: GraphValue, name: string): GraphValue {
  const { writer, weight } = head;
  const [, channels, steps] = x.shape as [number, number, number];
  const time = (input: GraphValue, layer: number, group: number): GraphValue =>
    conv(head, input, `${name}.tconvs.${layer}`, { bias: true, group });
  let temporal = relu(writer, time(x, 0, 1));
  temporal = time(relu(writer, time(temporal, 2, GROUPS)), 4, 1);
  const flat = (input: GraphValue, layer: number, group: number): GraphValue => {
    const kernel = weight(`${name}.sconvs.${layer}.weight`);
    const shape = [1, kernel.shape[0]!, steps, NEIGHBOURS];
    return writer.node('Conv', [input, kernel, weight(`${name}.sconvs.${layer}.bias`)], shape, {
      kernel_shape: [1, 1],
      group,
    });
  };
  const others = neighbourFeatures(writer, x, indices);
  const selves = writer.node(
    'Expand',
    [reshape(writer, x, [1, channels, steps, 1]), writer.integers([1, channels, steps, NEIGHBOURS])],
    others.shape,
  );
  const edges = writer.node('Concat', [others, selves], [1, 2 * channels, steps, NEIGHBOURS], { axis: 1 });
  let semantic = relu(writer, flat(edges, 0, 1));
  semantic = flat(relu(writer, flat(semantic, 2, GROUPS)), 4, 1);
  const best = writer.node('ReduceMax', [semantic, writer.integers([3])], x.shape, { keepdims: 0 });
  const sum = writer.node('Add', [writer.node('Add', [temporal, x], x.shape), best], x.shape);
  return relu(writer, sum);
}

/** Projected features: row t · count + r is step t through bin r of the map's first layer. // [1, I, T] → [T · count, O] */
function projected(
  head: HeadWriter,
  x: GraphValue,
  first: { readonly data: Float32Array; readonly outputs: number; readonly bins: number },
  from: number,
  count: number,
): GraphValue {
  const { writer } = head;
  const [, inputs, steps] = x.shape as [number, number, number];
  const { data, outputs, bins } = first;
  const matrix = new Float32Array(inputs * count * outputs);
  for (let c = 0; c < inputs; c += 1) {
    for (let r = 0; r < count; r += 1) {
      for (let o = 0; o < outputs; o += 1) {
        matrix[(c * count + r) * outputs + o] = data[(o * inputs + c) * bins + from + r]!;
      }
    }
  }
  const constant = writer.constant(matrix, [inputs, count * outputs]);
  const rows = reshape(writer, swap(writer, x), [steps, inputs]);
  const product = writer.node('MatMul', [rows, constant], [steps, count * outputs]);
  return reshape(writer, product, [steps * count, outputs]);
}

/** The alignment as a dense matrix, scattered from its entries. // [cells, columns] */
function alignment(writer: GraphWriter, { matrix }: AlignPlan): GraphValue {
  const size = matrix.rows * matrix.columns;
  const places: number[] = [];
  for (let row = 0; row < matrix.rows; row += 1) {
    for (let k = matrix.start[row]!; k < matrix.start[row + 1]!; k += 1) {
      places.push(row * matrix.columns + matrix.column[k]!);
    }
  }
  const zeros = writer.node('ConstantOfShape', [writer.integers([size])], [size]);
  const values = writer.constant(matrix.value, [matrix.value.length]);
  const flat = writer.node('ScatterElements', [zeros, writer.integers(places), values], [size], { axis: 0 });
  return reshape(writer, flat, [matrix.rows, matrix.columns]);
}

/**
 * The head for sequences of exactly `steps` steps as an ONNX file (opset 20).
 *
 * @throws StudioError `wrong-usage` for fewer than three steps, `bad-input` when a parameter is missing
 */
export function gtadModel(config: GtadConfig, parameters: TensorMap, steps: number): Uint8Array {
  if (!Number.isInteger(steps) || steps < NEIGHBOURS) {
    throw new StudioError('wrong-usage', `G-TAD needs at least ${NEIGHBOURS} steps; got ${steps}.`);
  }
  const head = createHeadWriter(parameters);
  const { writer, weight } = head;
  const durations = durationsOf(config, steps);
  const plan = alignPlan(steps, durations, config.bins);
  const features = swap(writer, writer.input(HEAD_VALUES.features, 'float32', [1, steps, config.inChannels]));
  const first = relu(writer, conv(head, features, 'backbone1.0', { bias: true, group: 4 }));
  const base = gcnext(head, first, nearest(writer, first), 'backbone1.2');
  const graph = nearest(writer, base);
  const aligned = gcnext(head, base, graph, 'backbone2.0');
  for (const [name, output] of [
    ['regu_s', HEAD_VALUES.start],
    ['regu_e', HEAD_VALUES.end],
  ] as const) {
    const logits = conv(head, gcnext(head, base, graph, `${name}.0`), `${name}.1`, { bias: true });
    writer.output(writer.node('Sigmoid', [reshape(writer, logits, [1, steps])], [1, steps], {}, output));
  }
  const around = neighbourFeatures(writer, aligned, nearest(writer, aligned));
  const context = writer.node('ReduceMean', [around, writer.integers([3])], aligned.shape, { keepdims: 0 });

  const { inner, context: outer } = config.bins;
  weight('localization.0.bias');
  const kernel = {
    data: parameters['localization.0.weight']!.data,
    outputs: config.hidden3d,
    bins: inner + outer,
  };
  const dense = writer.node(
    'Concat',
    [projected(head, aligned, kernel, 0, inner), projected(head, context, kernel, inner, outer)],
    [steps * (inner + outer), config.hidden3d],
    { axis: 0 },
  );
  const cells = writer.node('MatMul', [alignment(writer, plan), dense], [plan.cells, config.hidden3d]);
  const raw = writer.node('Add', [cells, weight('localization.0.bias')], cells.shape);
  const turned = writer.node('Transpose', [relu(writer, raw)], [config.hidden3d, plan.cells], {
    perm: [1, 0],
  });
  const rowOfCell = writer.integers([...plan.rowOfCell]);
  const spread = (x: GraphValue, channels: number): GraphValue =>
    reshape(writer, writer.node('Gather', [x, rowOfCell], [channels, durations * steps], { axis: 1 }), [
      1,
      channels,
      durations,
      steps,
    ]);
  const wholeMap = config.kernel2d === 3;
  let map = wholeMap
    ? spread(turned, config.hidden3d)
    : reshape(writer, turned, [1, config.hidden3d, plan.cells, 1]);
  for (const layer of [2, 4, 6, 8]) {
    const parameter = weight(`localization.${layer}.weight`);
    const side = parameter.shape[2]!;
    const pad = (side - 1) / 2;
    const shape = [1, parameter.shape[0]!, map.shape[2]!, map.shape[3]!];
    map = writer.node('Conv', [map, parameter, weight(`localization.${layer}.bias`)], shape, {
      kernel_shape: [side, side],
      pads: [pad, pad, pad, pad],
    });
    if (layer < 8) map = relu(writer, map);
  }
  const logits = wholeMap ? map : spread(reshape(writer, map, [2, plan.cells]), 2);
  writer.output(writer.node('Sigmoid', [logits], [1, 2, durations, steps], {}, HEAD_VALUES.confidence));
  if (config.numClasses > 0) {
    const hidden = relu(writer, conv(head, features, 'classifier.0', { bias: true }));
    const classes = conv(head, hidden, 'classifier.2', { bias: true });
    writer.output(
      writer.node(
        'Transpose',
        [classes],
        [1, steps, config.numClasses],
        { perm: [0, 2, 1] },
        HEAD_VALUES.classes,
      ),
    );
  }
  return writer.finish();
}
