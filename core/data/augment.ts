/**
 * Changes of frames that do not change what happens in them, the same for every frame of a sequence: a shift of the picture, its gain and
 * its offset. No mirror: it would turn clockwise into counter-clockwise.
 */
import type { AugmentConfig } from '#core/train/config';
import { createRandom } from '#core/util/random';

/** One drawn change. */
export interface FrameChange {
  readonly shiftX: number;
  readonly shiftY: number;
  /** Per colour: value → value · gain + offset, of 255. */
  readonly gain: readonly [number, number, number];
  readonly offset: readonly [number, number, number];
}

/** Draws a change for frames of a side; the same seed gives the same change. */
export function drawChange(config: AugmentConfig, side: number, seed: number): FrameChange {
  const random = createRandom(seed);
  const reach = Math.round(config.shift * side);
  const common = random.uniform(1 - config.gain, 1 + config.gain);
  const tint = (): number => common * random.uniform(1 - config.gain / 2, 1 + config.gain / 2);
  const lift = (): number => 255 * random.uniform(-config.offset, config.offset);
  return {
    shiftX: random.integer(2 * reach + 1) - reach,
    shiftY: random.integer(2 * reach + 1) - reach,
    gain: [tint(), tint(), tint()],
    offset: [lift(), lift(), lift()],
  };
}

/**
 * Applies a change; pixels from outside repeat the edge.
 * @param frames uint8 [frameCount, side, side, 3]
 * @returns a new array of the same shape
 */
export function changeFrames(
  frames: Uint8Array,
  frameCount: number,
  side: number,
  change: FrameChange,
): Uint8Array {
  const tables = [0, 1, 2].map((c) => {
    const table = new Uint8ClampedArray(256);
    for (let v = 0; v < 256; v += 1) table[v] = v * change.gain[c]! + change.offset[c]!;
    return table;
  });
  const [red, green, blue] = tables as [Uint8ClampedArray, Uint8ClampedArray, Uint8ClampedArray];
  const column = new Int32Array(side);
  for (let x = 0; x < side; x += 1) column[x] = 3 * Math.min(side - 1, Math.max(0, x + change.shiftX));
  const out = new Uint8Array(frames.length);
  let at = 0;
  for (let f = 0; f < frameCount; f += 1) {
    for (let y = 0; y < side; y += 1) {
      const row = (f * side + Math.min(side - 1, Math.max(0, y + change.shiftY))) * side * 3;
      for (let x = 0; x < side; x += 1) {
        const from = row + column[x]!;
        out[at] = red[frames[from]!]!;
        out[at + 1] = green[frames[from + 1]!]!;
        out[at + 2] = blue[frames[from + 2]!]!;
        at += 3;
      }
    }
  }
  return out;
}
