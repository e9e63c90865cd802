/**
 * The TriDet head as an ONNX graph with constant weights, for other programs.
 *
 * The same network as `detectors/tridet.ts` and `bricks/sgp.ts`. The start of a point lies n strides to the left with probability
 * softmax over n of (`starts` of the step there + the point's own offset logit for n), n = bins … 0; its end likewise to the right.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { TridetConfig } from '#core/model/detectors/config';
import { GROUPS, LAYER_NORM_EPSILON } from '#core/model/bricks/sgp';
import type { GraphValue } from './graphWriter.ts';
import {
  checkPyramidSteps,
  conv,
  createHeadWriter,
  halve,
  HEAD_VALUES,
  joinOutput,
  masked,
  norm,
  pyramidInput,
  scaledOffsets,
  swap,
  tower,
  type HeadWriter,
  type Level,
} from './headGraph.ts';

const GROUP_NORM_EPSILON = 1e-5;

/** Number of valid steps. // [1, 1, 1] */
function countOf({ writer }: HeadWriter, mask: GraphValue): GraphValue {
  return writer.node('ReduceSum', [mask, writer.integers([2])], [1, 1, 1], { keepdims: 1 });
}

/** Group norm over the valid steps; the result is masked. */
function groupNorm(head: HeadWriter, { value, mask }: Level, count: GraphValue, name: string): GraphValue {
  const { writer, weight } = head;
  const [, channels, steps] = value.shape as [number, number, number];
  const grouped = [1, GROUPS, (channels / GROUPS) * steps];
  const perGroup = writer.constant(Float32Array.of(channels / GROUPS), [1, 1, 1]);
  const entries = writer.node('Mul', [count, perGroup], [1, 1, 1]);
  const reshaped = (x: GraphValue, shape: readonly number[]): GraphValue =>
    writer.node('Reshape', [x, writer.integers(shape)], shape);
  const meanOf = (x: GraphValue): GraphValue =>
    writer.node(
      'Div',
      [writer.node('ReduceSum', [x, writer.integers([2])], [1, GROUPS, 1], { keepdims: 1 }), entries],
      [1, GROUPS, 1],
    );
  const flat = reshaped(value, grouped);
  const apart = writer.node('Sub', [flat, meanOf(flat)], grouped);
  // Steps of the padding would else hold minus the mean.
  const centred = reshaped(masked(writer, { value: reshaped(apart, value.shape), mask }), grouped);
  const variance = meanOf(writer.node('Mul', [centred, centred], grouped));
  const epsilon = writer.constant(Float32Array.of(GROUP_NORM_EPSILON), [1]);
  const deviation = writer.node(
    'Sqrt',
    [writer.node('Add', [variance, epsilon], variance.shape)],
    variance.shape,
  );
  const normal = reshaped(writer.node('Div', [centred, deviation], grouped), value.shape);
  const scaled = writer.node('Mul', [normal, weight(`${name}.weight`, [1, channels, 1])], value.shape);
  const shifted = writer.node('Add', [scaled, weight(`${name}.bias`, [1, channels, 1])], value.shape);
  return masked(writer, { value: shifted, mask });
}

/** One SGP block. */
function sgp(head: HeadWriter, level: Level, name: string): Level {
  const { writer, weight } = head;
  const { value: x, mask } = level;
  const [, channels, steps] = x.shape as [number, number, number];
  const add = (a: GraphValue, b: GraphValue): GraphValue => writer.node('Add', [a, b], a.shape);
  const multiply = (a: GraphValue, b: GraphValue): GraphValue => writer.node('Mul', [a, b], a.shape);
  const depthwise = (input: GraphValue, layer: string): GraphValue =>
    conv(head, input, `${name}.${layer}`, { bias: true, group: channels });
  const residual = (input: GraphValue, scale: string): GraphValue =>
    multiply(input, weight(`${name}.${scale}.scale`, [1, channels, 1]));
  const count = countOf(head, mask);
  const normal = norm(head, level, `${name}.ln`, { relu: false, epsilon: LAYER_NORM_EPSILON });
  const sum = writer.node('ReduceSum', [normal, writer.integers([2])], [1, channels, 1], { keepdims: 1 });
  const mean = writer.node('Div', [sum, count], sum.shape);
  const gate = writer.node('Relu', [depthwise(mean, 'global_fc')], mean.shape);
  const instant = multiply(depthwise(normal, 'fc'), gate);
  const window = multiply(
    add(depthwise(normal, 'convw'), depthwise(normal, 'convkw')),
    depthwise(normal, 'psi'),
  );
  const mixed = residual(add(add(instant, window), normal), 'drop_path_out');
  const out = masked(writer, { value: add(x, mixed), mask });
  const grouped = groupNorm(head, { value: out, mask }, count, `${name}.gn`);
  const raised = conv(head, grouped, `${name}.mlp.0`, { bias: true });
  const hidden = writer.node('Gelu', [raised], [1, raised.shape[1]!, steps]);
  const mlp = residual(conv(head, hidden, `${name}.mlp.2`, { bias: true }), 'drop_path_mlp');
  return { value: masked(writer, { value: add(out, mlp), mask }), mask };
}

/**
 * The head for sequences of `steps` steps as an ONNX file (opset 20).
 *
 * @param steps a multiple of the coarsest stride, 2 ** (levels − 1)
 * @throws StudioError `wrong-usage` for another number of steps, `bad-input` when a parameter is missing
 */
export function tridetModel(config: TridetConfig, parameters: TensorMap, steps: number): Uint8Array {
  checkPyramidSteps(config.levels, steps);
  const head = createHeadWriter(parameters);
  const { writer } = head;
  let level = pyramidInput(head, config, steps);
  for (let i = 0; i < config.stemLayers; i += 1) level = sgp(head, level, `projection.stem.${i}`);
  const outputs: Record<'cls' | 'cls_start' | 'cls_end' | 'reg', GraphValue[]> = {
    cls: [],
    cls_start: [],
    cls_end: [],
    reg: [],
  };
  for (let i = 0; i < config.levels; i += 1) {
    if (i > 0) level = sgp(head, halve(writer, level, false), `projection.branch.${i - 1}`);
    const normal: Level = { ...level, value: norm(head, level, `neck.fpn_norms.${i}`, { relu: false }) };
    for (const [name, parts] of Object.entries(outputs)) {
      const features = tower(head, normal, `rpn_head.${name}_convs`, config.towerLayers);
      const raw = conv(head, features.value, `rpn_head.${name}_head`, { bias: true });
      parts.push(name === 'reg' ? scaledOffsets(head, raw, i) : swap(writer, raw));
    }
  }
  joinOutput(writer, HEAD_VALUES.logits, outputs.cls);
  joinOutput(writer, HEAD_VALUES.starts, outputs.cls_start);
  joinOutput(writer, HEAD_VALUES.ends, outputs.cls_end);
  joinOutput(writer, HEAD_VALUES.offsets, outputs.reg);
  return writer.finish();
}
