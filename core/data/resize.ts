/**
 * Frames made smaller, by the mean over the area that each new pixel covers: no aliasing, and exact for whole factors.
 */

interface AreaTaps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** Weights of each output position, `longest` apart. */
  readonly weights: Float64Array;
  readonly longest: number;
}

function areaTaps(from: number, to: number): AreaTaps {
  const ratio = from / to;
  const longest = Math.ceil(ratio) + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(to * longest);
  for (let i = 0; i < to; i += 1) {
    const low = i * ratio;
    const high = Math.min(from, (i + 1) * ratio);
    first[i] = Math.floor(low + 1e-9);
    for (let j = first[i]!; j < high - 1e-9; j += 1) {
      weights[i * longest + count[i]!] = (Math.min(high, j + 1) - Math.max(low, j)) / (high - low);
      count[i]! += 1;
    }
  }
  return { first, count, weights, longest };
}

function halve(frames: Uint8Array, frameCount: number, side: number, out: Uint8Array): void {
  const small = side >> 1;
  let at = 0;
  for (let f = 0; f < frameCount; f += 1) {
    for (let y = 0; y < small; y += 1) {
      let top = (f * side + 2 * y) * side * 3;
      let bottom = top + side * 3;
      for (let x = 0; x < small; x += 1) {
        for (let c = 0; c < 3; c += 1) {
          out[at] =
            (frames[top + c]! + frames[top + 3 + c]! + frames[bottom + c]! + frames[bottom + 3 + c]! + 2) >>
            2;
          at += 1;
        }
        top += 6;
        bottom += 6;
      }
    }
  }
}

/**
 * Square RGB frames at another side.
 * @param frames uint8 [frameCount, side, side, 3]
 * @returns uint8 [frameCount, newSide, newSide, 3]; the same array where nothing changes
 */
export function resizeFrames(
  frames: Uint8Array,
  frameCount: number,
  side: number,
  newSide: number,
): Uint8Array {
  if (newSide === side) return frames;
  const out = new Uint8Array(frameCount * newSide * newSide * 3);
  if (newSide * 2 === side) {
    halve(frames, frameCount, side, out);
    return out;
  }
  const taps = areaTaps(side, newSide);
  const row = new Float64Array(side * 3);
  for (let f = 0; f < frameCount; f += 1) {
    for (let y = 0; y < newSide; y += 1) {
      row.fill(0);
      for (let k = 0; k < taps.count[y]!; k += 1) {
        const weight = taps.weights[y * taps.longest + k]!;
        const from = (f * side + taps.first[y]! + k) * side * 3;
        for (let i = 0; i < row.length; i += 1) row[i]! += weight * frames[from + i]!;
      }
      const to = (f * newSide + y) * newSide * 3;
      for (let x = 0; x < newSide; x += 1) {
        for (let c = 0; c < 3; c += 1) {
          let sum = 0.5;
          for (let k = 0; k < taps.count[x]!; k += 1) {
            sum += taps.weights[x * taps.longest + k]! * row[(taps.first[x]! + k) * 3 + c]!;
          }
          out[to + x * 3 + c] = sum;
        }
      }
    }
  }
  return out;
}
