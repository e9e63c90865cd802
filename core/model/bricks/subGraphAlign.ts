/**
 * SGAlign as one sparse matrix: which projected steps make up each candidate segment.
 *
 * G-TAD aligns every candidate (start s, duration d) to R bins of features and then applies a 1 × 1 convolution. Both are linear, so the
 * features are projected per bin first and the aligned map, 369 MB for one ActivityNet video, is never built. Sampling follows
 * `Align1D_cuda_kernal.cu` to the letter.
 */
import type { SparseRows } from '#core/compute/ops/sparseRows';
import { transposeSparse } from '#core/compute/ops/sparseRows';

/** Bins of the inner and of the context alignment. */
export interface AlignBins {
  readonly inner: number;
  readonly context: number;
}

/** The cells of a map and their sampling. */
export interface AlignPlan {
  readonly steps: number;
  readonly durations: number;
  /** Cells with s + d < T, duration by duration, then one row for all others. */
  readonly cells: number;
  /** Row of cell d · T + s; invalid cells share the last row. // [D · T] */
  readonly rowOfCell: Int32Array;
  /** [cells, T · (inner + context)]: columns t · inner + r, then those of the context. */
  readonly matrix: SparseRows;
  readonly transposed: SparseRows;
}

/** Share of the duration by which a segment is widened on each side. */
const EXPAND = 0.5;

/** Adds the linear interpolation at `t` to the weights of steps; nothing outside [−1, T]. */
function addSample(weights: Map<number, number>, t: number, steps: number, weight: number): void {
  if (t < -1 || t > steps) return;
  const position = Math.max(0, t);
  let low = Math.floor(position);
  let share = position - low;
  if (low >= steps - 1) {
    low = steps - 1;
    share = 0;
  }
  weights.set(low, (weights.get(low) ?? 0) + weight * (1 - share));
  if (share > 0) weights.set(low + 1, (weights.get(low + 1) ?? 0) + weight * share);
}

/** Columns and values of a sparse matrix while it grows: a million of them would be a hundred megabytes as plain lists. */
interface Entries {
  add(column: number, value: number): void;
  count(): number;
  finish(): Pick<SparseRows, 'column' | 'value'>;
}

function createEntries(): Entries {
  let column = new Int32Array(1 << 16);
  let value = new Float32Array(1 << 16);
  let count = 0;
  const resize = (length: number): void => {
    const before = { column, value };
    column = new Int32Array(length);
    value = new Float32Array(length);
    column.set(before.column.subarray(0, count));
    value.set(before.value.subarray(0, count));
  };
  return {
    add: (at, weight) => {
      if (count === column.length) resize(2 * count);
      column[count] = at;
      value[count] = weight;
      count += 1;
    },
    count: () => count,
    finish: () => {
      resize(count);
      return { column, value };
    },
  };
}

/** Entries of one region aligned to `bins`, in float32 positions as the original computes them. */
function alignRegion(
  start: number,
  end: number,
  steps: number,
  bins: number,
  offset: number,
  entries: Entries,
): void {
  const extent = Math.max(end - start, 1);
  const size = Math.fround(extent / bins);
  const samples = Math.ceil(extent / bins);
  for (let bin = 0; bin < bins; bin += 1) {
    const weights = new Map<number, number>();
    for (let i = 0; i < samples; i += 1) {
      addSample(weights, Math.fround(start + bin * size + ((i + 0.5) * size) / samples), steps, 1 / samples);
    }
    for (const [step, weight] of weights) {
      entries.add(offset + step * bins + bin, weight);
    }
  }
}

const plans = new Map<string, AlignPlan>();

/** The plan for sequences of `steps` and durations up to `durations`; the last few are kept. */
export function alignPlan(steps: number, durations: number, bins: AlignBins): AlignPlan {
  const key = `${steps}/${durations}/${bins.inner}/${bins.context}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  const entries = createEntries();
  const start = [0];
  const rowOfCell = new Int32Array(steps * durations);
  const addRegion = (from: number, to: number): void => {
    alignRegion(from, to, steps, bins.inner, 0, entries);
    alignRegion(from, to, steps, bins.context, steps * bins.inner, entries);
    start.push(entries.count());
  };
  let row = 0;
  for (let d = 0; d < durations; d += 1) {
    for (let s = 0; s + d < steps; s += 1) {
      rowOfCell[d * steps + s] = row;
      row += 1;
      addRegion(s - (d + 1) * EXPAND, s + d + (d + 1) * EXPAND);
    }
  }
  for (let d = 0; d < durations; d += 1)
    for (let s = steps - d; s < steps; s += 1) rowOfCell[d * steps + s] = row;
  addRegion(0, 0);
  const matrix: SparseRows = {
    rows: row + 1,
    columns: steps * (bins.inner + bins.context),
    start: Int32Array.from(start),
    ...entries.finish(),
  };
  const plan = { steps, durations, cells: row + 1, rowOfCell, matrix, transposed: transposeSparse(matrix) };
  // A few lengths alternate in training (cyclic fidelity); more would only hold memory.
  if (plans.size >= 6) plans.delete(plans.keys().next().value ?? '');
  plans.set(key, plan);
  return plan;
}
