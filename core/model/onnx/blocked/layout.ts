/**
 * ONNX Runtime's blocked layout, in which its fast convolutions work: channels in groups of 8 or 16, and a group's channels innermost.
 *
 * A blocked value has the shape [N, C, H, W] with C rounded up to whole groups, and its numbers lie as [N, C / group, H, W, group].
 * Weights lie as [out / group, in / group, kernel, in in group, out in group] (MLAS `OIHWBiBo`), those of the first layer, whose input
 * is not blocked, as [out / group, in, kernel, out in group] (`OIHWBo`). Weights are put in order here, once for all runs of a step.
 */
import type { ConvLayer } from '#core/model/encoder/layers';

/** Channels rounded up to whole groups. */
export function blockedChannels(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

/** The positions `stride · i + remainder` of a convolution's input, along one axis, and what their gradient is made of. */
export interface AxisPhase {
  readonly remainder: number;
  /** Places in the kernel, in the order in which a convolution of the output's gradient meets them. */
  readonly taps: readonly number[];
  /** Padding of the output's gradient in front. */
  readonly before: number;
}

/** One convolution of the output's gradient gives the input's gradient at one phase; with stride 1 there is one, the flipped kernel. */
export function axisPhases(kernel: number, stride: number, padding: number): AxisPhase[] {
  return Array.from({ length: stride }, (_, remainder) => {
    const taps: number[] = [];
    for (let tap = kernel - 1; tap >= 0; tap -= 1)
      if ((remainder + padding - tap) % stride === 0) taps.push(tap);
    const first = taps[0] ?? 0;
    return { remainder, taps, before: (first - remainder - padding) / stride };
  });
}

/** A pair of phases, one for each axis of an image. */
export interface Phase {
  readonly name: string;
  readonly rows: AxisPhase;
  readonly columns: AxisPhase;
}

/** The phases of a two-dimensional convolution, row by row. */
export function phasesOf(layer: ConvLayer): Phase[] {
  const [rows, columns] = [0, 1].map((axis) =>
    axisPhases(layer.kernel[axis]!, layer.stride[axis]!, layer.padding[axis]!),
  ) as [AxisPhase[], AxisPhase[]];
  return rows.flatMap((row) =>
    columns.map((column) => ({
      name: phaseName(layer.weight, row.remainder, column.remainder),
      rows: row,
      columns: column,
    })),
  );
}

/** Name of the graph input that holds a weight in blocked order. */
export const blockedName = (weight: string): string => `${weight}.blocked`;

const phaseName = (weight: string, row: number, column: number): string => `${weight}.phase.${row}.${column}`;

/**
 * A weight times its norm's scale, in blocked order.
 * @param weight [out, in, …kernel]
 * @param scale [out]
 * @param first whether this layer reads the frames, which are not blocked
 * @param result is written to; room for whole groups, zeros where a group is not full
 */
export function blockedWeight(
  layer: ConvLayer,
  first: boolean,
  weight: Float32Array,
  scale: Float32Array,
  block: number,
  result: Float32Array,
): void {
  const { inChannels, outChannels } = layer;
  const size = layer.kernel.reduce((product, length) => product * length, 1);
  const inGroup = first ? inChannels : block;
  const groups = Math.ceil(inChannels / inGroup);
  for (let out = 0; out < outChannels; out += 1) {
    const factor = scale[out]!;
    const outBase = Math.floor(out / block) * groups * size * inGroup * block + (out % block);
    let from = out * inChannels * size;
    for (let channel = 0; channel < inChannels; channel += 1) {
      const lane = channel % inGroup;
      let to = outBase + (channel - lane) * size * block;
      // The first layer keeps each channel's kernel together.
      const step = first ? block : inGroup * block;
      to += first ? lane * size * block : lane * block;
      for (let tap = 0; tap < size; tap += 1, to += step, from += 1) result[to] = weight[from]! * factor;
    }
  }
}

/** The weight of the convolution that gives the input's gradient at one phase, in blocked order: in and out have changed places. */
export function phaseWeight(
  layer: ConvLayer,
  weight: Float32Array,
  scale: Float32Array,
  { rows, columns }: Phase,
  block: number,
  result: Float32Array,
): void {
  const { inChannels, outChannels } = layer;
  const [height, width] = layer.kernel as [number, number];
  const taps = rows.taps.flatMap((row) => columns.taps.map((column) => row * width + column));
  const groups = Math.ceil(outChannels / block);
  const tile = block * block;
  for (let out = 0; out < outChannels; out += 1) {
    const factor = scale[out]!;
    const outLane = out % block;
    const outBase = ((out - outLane) / block) * taps.length * tile + outLane * block;
    for (let channel = 0; channel < inChannels; channel += 1) {
      const lane = channel % block;
      let to = ((channel - lane) / block) * groups * taps.length * tile + outBase + lane;
      const from = (out * inChannels + channel) * height * width;
      for (const tap of taps) {
        result[to] = weight[from + tap]! * factor;
        to += tile;
      }
    }
  }
}
