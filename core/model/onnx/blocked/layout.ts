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
  // Numbers are written in order: reading stays inside one group's filters, which lie in the nearest cache.
  let to = 0;
  for (let outs = 0; outs < outChannels; outs += block) {
    const outEnd = Math.min(outs + block, outChannels);
    for (let ins = 0; ins < inChannels; ins += inGroup) {
      const inEnd = Math.min(ins + inGroup, inChannels);
      // The first layer keeps each channel's kernel together.
      const [outer, inner] = first ? [inEnd - ins, 1] : [1, inEnd - ins];
      for (let o = 0; o < outer; o += 1) {
        for (let tap = 0; tap < size; tap += 1) {
          for (let i = 0; i < inner; i += 1) {
            let from = (outs * inChannels + ins + o + i) * size + tap;
            for (let out = outs; out < outEnd; out += 1, from += inChannels * size)
              result[to + out - outs] = weight[from]! * scale[out]!;
            to += block;
          }
          to += (inGroup - (inEnd - ins)) * block;
        }
      }
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
  const size = height * width;
  const taps = Int32Array.from(
    rows.taps.flatMap((row) => columns.taps.map((column) => row * width + column)),
  );
  let to = 0;
  for (let ins = 0; ins < inChannels; ins += block) {
    const inEnd = Math.min(ins + block, inChannels);
    for (let outs = 0; outs < outChannels; outs += block) {
      const outEnd = Math.min(outs + block, outChannels);
      for (let k = 0; k < taps.length; k += 1) {
        for (let out = outs; out < outEnd; out += 1) {
          const factor = scale[out]!;
          let from = (out * inChannels + ins) * size + taps[k]!;
          for (let lane = 0; lane < inEnd - ins; lane += 1, from += size)
            result[to + lane] = weight[from]! * factor;
          to += block;
        }
        to += (block - (outEnd - outs)) * block;
      }
    }
  }
}
