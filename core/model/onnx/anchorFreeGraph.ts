/**
 * The anchor-free head as an ONNX graph with constant weights, for other programs.
 *
 * The same network as `detectors/anchorFree.ts`, level by level instead of all levels in one matrix. One sequence of a fixed number of
 * steps; shorter ones are padded and masked. Decoding and soft-NMS stay with the caller: a point is `index · stride + 0.5` steps, a segment
 * reaches from `point − offset · stride` to `point + offset · stride`, a score is the sigmoid of its logit.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { AnchorFreeConfig } from '#core/model/detectors/config';
import type { GraphValue } from './graphWriter.ts';
import {
  checkPyramidSteps,
  conv,
  createHeadWriter,
  halve,
  HEAD_VALUES,
  joinOutput,
  norm,
  pyramidInput,
  scaledOffsets,
  swap,
  tower,
  type Level,
} from './headGraph.ts';

/**
 * The head for sequences of `steps` steps as an ONNX file (opset 20).
 *
 * @param steps a multiple of the coarsest stride, 2 ** (levels − 1)
 * @throws StudioError `wrong-usage` for another number of steps, `bad-input` when a parameter is missing
 */
export function anchorFreeModel(config: AnchorFreeConfig, parameters: TensorMap, steps: number): Uint8Array {
  checkPyramidSteps(config.levels, steps);
  const head = createHeadWriter(parameters);
  const { writer } = head;
  let level = pyramidInput(head, config, steps);
  const logits: GraphValue[] = [];
  const offsets: GraphValue[] = [];
  for (let i = 0; i < config.levels; i += 1) {
    // Levels are maxima of ReLU outputs: padding is never above them.
    if (i > 0) level = halve(writer, level, true);
    const normal: Level = { ...level, value: norm(head, level, `neck.fpn_norms.${i}`, { relu: false }) };
    const classes = tower(head, normal, 'rpn_head.cls_convs', config.towerLayers);
    const distances = tower(head, normal, 'rpn_head.reg_convs', config.towerLayers);
    logits.push(swap(writer, conv(head, classes.value, 'rpn_head.cls_head', { bias: true })));
    offsets.push(scaledOffsets(head, conv(head, distances.value, 'rpn_head.reg_head', { bias: true }), i));
  }
  joinOutput(writer, HEAD_VALUES.logits, logits);
  joinOutput(writer, HEAD_VALUES.offsets, offsets);
  return writer.finish();
}
