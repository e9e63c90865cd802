/**
 * PTS ↔ seconds ↔ frame number ↔ snippet, and timecodes. Every conversion of time in the program goes through here.
 *
 * Times are integer PTS in a video's own time base; frame numbers exist only through the list of its PTS, never as time × rate (that is
 * wrong for variable rates, and drifts for 29.97). Products of two integers are made exactly, beyond 2^53 with BigInt.
 */

/** A rational number: a time base (seconds a tick) or a rate (frames a second). */
export interface Ratio {
  readonly num: number;
  readonly den: number;
}

/** Times of every frame of a video, presentation order, never falling. */
export interface FrameTimes {
  readonly timeBase: Ratio;
  /** [frames] integers in `timeBase`. */
  readonly pts: Float64Array;
  /** When the last frame ends. */
  readonly endPts: number;
}

/** How a snippet is laid over frames. */
export interface SnippetGrid {
  /** Frames in a snippet. */
  readonly frames: number;
  /** Distance between these frames, in frames of the video. */
  readonly strideFrames: number;
  /** Distance between the starts of snippets, in frames of the video. */
  readonly strideSnippets: number;
}

/** Greatest common divisor of two non-negative integers. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/**
 * In lowest terms, denominator positive.
 *
 * @throws RangeError when the denominator is zero or a part is no safe integer
 */
export function reduce({ num, den }: Ratio): Ratio {
  if (den === 0 || !Number.isSafeInteger(num) || !Number.isSafeInteger(den)) {
    throw new RangeError(`${num}/${den} is not a ratio of integers.`);
  }
  const shared = gcd(Math.abs(num), Math.abs(den)) * Math.sign(den);
  return { num: num / shared, den: den / shared };
}

/** `a · b / c`, exact, rounded to the nearest integer (halves away from zero). */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product) && Number.isSafeInteger(2 * product + c)) {
    const size = Math.floor((2 * Math.abs(product) + c) / (2 * c));
    return product < 0 ? -size : size;
  }
  const exact = BigInt(a) * BigInt(b);
  const divisor = BigInt(c);
  const size = ((exact < 0n ? -exact : exact) * 2n + divisor) / (2n * divisor);
  return Number(exact < 0n ? -size : size);
}

/** Seconds of a PTS. For showing and for arithmetic that may be inexact; keep the PTS itself. */
export function ptsToSec(pts: number, { num, den }: Ratio): number {
  const product = pts * num;
  return Number.isSafeInteger(product) ? product / den : (pts / den) * num;
}

/** The PTS nearest to a time in seconds. */
export function secToPts(sec: number, { num, den }: Ratio): number {
  return Math.round((sec * den) / num);
}

/** A PTS in another time base, nearest tick, exact arithmetic. */
export function rescalePts(pts: number, from: Ratio, to: Ratio): number {
  const { num, den } = reduce({ num: from.num, den: from.den });
  const product = Number(BigInt(num) * BigInt(to.den));
  const divisor = Number(BigInt(den) * BigInt(to.num));
  const shared = gcd(product, divisor);
  return mulDiv(pts, product / shared, divisor / shared);
}

/** Which frame is on the screen at a PTS: the last that starts at or before it. Clamped to the frames that exist; −1 where there are none. */
export function frameAtPts({ pts }: FrameTimes, time: number): number {
  let low = 0;
  let high = pts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (pts[middle]! <= time) low = middle;
    else high = middle - 1;
  }
  return high < 0 ? -1 : low;
}

/** Which frame is on the screen at a time in seconds, counted in the stream's own clock. */
export function frameAtSec(times: FrameTimes, sec: number): number {
  const { num, den } = times.timeBase;
  // A second printed with fifteen digits may fall a hair before the tick that it came from.
  return frameAtPts(times, Math.floor((sec * den) / num + 1e-6));
}

/** PTS of a frame; the end of the video for the number after the last. */
export function ptsOfFrame({ pts, endPts }: FrameTimes, frame: number): number {
  if (frame >= pts.length) return endPts;
  return pts[Math.max(0, frame)] ?? endPts;
}

/** The frame edge nearest to a PTS: the PTS of a frame, or the end of the video. What snapping to frames uses. */
export function nearestEdge(times: FrameTimes, time: number): number {
  const frame = frameAtPts(times, time);
  if (frame < 0) return time;
  const before = ptsOfFrame(times, frame);
  const after = ptsOfFrame(times, frame + 1);
  return time - before <= after - time ? before : after;
}

/** How many snippets begin inside a video of so many frames; at least one. */
export function snippetCount(frameCount: number, { strideSnippets }: SnippetGrid): number {
  return Math.max(1, Math.ceil(frameCount / strideSnippets));
}

/** Frame numbers of one snippet, clamped to the video. `[frames]` */
export function snippetFrames(snippet: number, frameCount: number, grid: SnippetGrid): Int32Array {
  const result = new Int32Array(grid.frames);
  for (let i = 0; i < grid.frames; i += 1) {
    const frame = snippet * grid.strideSnippets + i * grid.strideFrames;
    result[i] = Math.min(Math.max(0, frame), Math.max(0, frameCount - 1));
  }
  return result;
}

/** Which snippet a frame lies in. */
export function snippetOfFrame(frame: number, { strideSnippets }: SnippetGrid): number {
  return Math.max(0, Math.floor(frame / strideSnippets));
}

/** A snippet's stretch of time: from its first frame to the first frame of the next one. */
export function snippetRange(
  snippet: number,
  times: FrameTimes,
  grid: SnippetGrid,
): { readonly startPts: number; readonly endPts: number } {
  return {
    startPts: ptsOfFrame(times, snippet * grid.strideSnippets),
    endPts: ptsOfFrame(times, (snippet + 1) * grid.strideSnippets),
  };
}
