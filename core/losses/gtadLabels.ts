/**
 * G-TAD's training targets: overlap of every candidate with the ground truth, and how much of a boundary lies at each step.
 *
 * `gtad_lib/dataset.py` of the authors, in feature steps instead of shares of the video (the same numbers). Added: steps that nobody
 * looked at, and ignored regions, take part in no loss; cells like a rejected candidate are hard negatives.
 */
import type { GridSegment } from '#core/model/detector';

/** Targets of one sequence; float32 as the authors store them, because thresholds fall on round ratios. */
export interface GtadLabels {
  readonly steps: number;
  readonly durations: number;
  /** Best overlap with any segment; row d, column s is [s, s + d + 1). // [D · T] */
  readonly iou: Float32Array;
  /** Share of a node inside a start (end) window. // [T] */
  readonly start: Float32Array;
  readonly end: Float32Array;
  /** 1 where a node counts. // [T] */
  readonly nodeMask: Uint8Array;
  /** 1 where a cell counts; cells beyond the end always count as 0 overlap. // [D · T] */
  readonly cellMask: Uint8Array;
  /** Cells that a person rejected. */
  readonly hardCells: ReadonlySet<number>;
}

/** How nodes lie, and what part of the time counts. */
export interface GtadLabelOptions {
  /** Node i is [i − 0.5, i − 0.5 + nodeWidth). */
  readonly nodeWidth: 1 | 2;
  /** 1 where somebody looked; absent: everywhere. // [T] */
  readonly covered?: Uint8Array | undefined;
  /** Candidates that are not there, of whatever class. */
  readonly rejected?: readonly GridSegment[] | undefined;
  /** Where the overlap map's step 0 lies; the THUMOS branch rounds it to 2 or 3 frames before the window's first. Default 0. */
  readonly iouOrigin?: number;
}

/** A boundary is a window of three steps around its time. */
const BOUNDARY_STEPS = 3;
/** A cell is like a rejected candidate above this overlap, and no negative where it overlaps a segment by more than the other. */
const LIKE_REJECTED = 0.7;
const UNLIKE_SEGMENT = 0.3;

function overlapOf(from: number, to: number, start: number, end: number): number {
  const overlap = Math.max(0, Math.min(to, end) - Math.max(from, start));
  return overlap / (to - from - overlap + end - start);
}

/** Targets of a sequence of `steps` and candidates of up to `durations` steps. */
export function gtadLabels(
  segments: readonly GridSegment[],
  steps: number,
  durations: number,
  options: GtadLabelOptions,
): GtadLabels {
  const { nodeWidth, covered, rejected = [], iouOrigin = 0 } = options;
  const real = segments.filter((segment) => segment.classIndex >= 0);
  const known = new Uint8Array(steps).fill(1);
  if (covered !== undefined) known.set(covered.subarray(0, steps));
  for (const { start, end, classIndex } of segments) {
    if (classIndex < 0) known.fill(0, Math.max(0, Math.floor(start)), Math.min(steps, Math.ceil(end)));
  }
  const unknownBefore = new Int32Array(steps + 1);
  for (let t = 0; t < steps; t += 1) unknownBefore[t + 1] = unknownBefore[t]! + 1 - known[t]!;
  const iou = new Float32Array(durations * steps);
  const cellMask = new Uint8Array(durations * steps).fill(1);
  const hardCells = new Set<number>();
  const limit = (value: number): number => Math.max(0, Math.min(steps, value - iouOrigin));
  for (let d = 0; d < durations; d += 1) {
    for (let s = 0; s + d < steps; s += 1) {
      const end = s + d + 1;
      if (unknownBefore[end]! > unknownBefore[s]!) cellMask[d * steps + s] = 0;
      for (const segment of real) {
        const [from, to] = [limit(segment.start), limit(segment.end)];
        const overlap = Math.max(0, Math.min(end, to) - Math.max(s, from));
        const share = overlap / (end - s - overlap + to - from);
        if (share > iou[d * steps + s]!) iou[d * steps + s] = share;
      }
      const isRejected =
        iou[d * steps + s]! <= UNLIKE_SEGMENT &&
        rejected.some((candidate) => overlapOf(s, end, candidate.start, candidate.end) > LIKE_REJECTED);
      if (!isRejected) continue;
      hardCells.add(d * steps + s);
      cellMask[d * steps + s] = 1;
    }
  }
  const nodes = (boundaries: readonly number[]): Float32Array =>
    Float32Array.from({ length: steps }, (_, i) => {
      const [low, high] = [i - 0.5, i - 0.5 + nodeWidth];
      const half = BOUNDARY_STEPS / 2;
      return boundaries.reduce(
        (best, at) =>
          Math.max(best, Math.max(0, Math.min(high, at + half) - Math.max(low, at - half)) / nodeWidth),
        0,
      );
    });
  // The ActivityNet branch clips boundaries to the video before it makes windows; segments here lie inside it.
  return {
    steps,
    durations,
    iou,
    start: nodes(real.map((segment) => segment.start)),
    end: nodes(real.map((segment) => segment.end)),
    nodeMask: known,
    cellMask,
    hardCells,
  };
}
