/**
 * How a temporal pyramid lies in memory: all levels of all sequences below each other as rows, one zero row after each level.
 *
 * The zero rows let one matrix product serve all levels (shared towers) without mixing neighbours. A point sits at the centre of the
 * snippet where its pooling window is centred: index · stride + 0.5 steps.
 */
import type { PyramidPoint } from '#core/losses/pointTargets';

/** Number of levels and the offsets that each answers for. */
export interface PyramidShape {
  readonly levels: number;
  /** [low, high] in feature steps, one pair per level; the last may end in Infinity. */
  readonly regressionRanges: readonly (readonly [number, number])[];
}

/** The rows of one sequence and what they mean. */
export interface PyramidLayout {
  /** Steps after padding: a multiple of the coarsest stride. */
  readonly steps: number;
  /** Rows per sequence, gaps included. */
  readonly rows: number;
  /** First row and number of steps of each level. */
  readonly levels: readonly { readonly firstRow: number; readonly steps: number; readonly stride: number }[];
  /** The point of each row; null in gaps. */
  readonly points: readonly (PyramidPoint | null)[];
  /** Level of each row; −1 in gaps. */
  readonly levelOfRow: Int32Array;
}

/** Ranges of ActionFormer for any number of levels: (0, 4), (4, 8), … (…, ∞). */
export function defaultRegressionRanges(levels: number): (readonly [number, number])[] {
  return Array.from({ length: levels }, (_, level) => [
    level === 0 ? 0 : 2 ** (level + 1),
    level === levels - 1 ? Infinity : 2 ** (level + 2),
  ]);
}

/** Lays out sequences of up to `length` steps. */
export function pyramidLayout(length: number, shape: PyramidShape): PyramidLayout {
  const coarsest = 2 ** (shape.levels - 1);
  const steps = Math.max(1, Math.ceil(length / coarsest)) * coarsest;
  const levels = [];
  const points: (PyramidPoint | null)[] = [];
  const levelOfRow: number[] = [];
  for (let level = 0; level < shape.levels; level += 1) {
    const stride = 2 ** level;
    const [rangeLow, rangeHigh] = shape.regressionRanges[level] ?? [0, Infinity];
    levels.push({ firstRow: points.length, steps: steps / stride, stride });
    for (let i = 0; i < steps / stride; i += 1) {
      points.push({ position: i * stride + 0.5, stride, rangeLow, rangeHigh });
      levelOfRow.push(level);
    }
    points.push(null);
    levelOfRow.push(-1);
  }
  return { steps, rows: points.length, levels, points, levelOfRow: Int32Array.from(levelOfRow) };
}

/** 1 where a row of a sequence of `length` valid steps is valid. // [B · rows] */
export function pyramidMask(layout: PyramidLayout, lengths: readonly number[]): Float32Array {
  const mask = new Float32Array(lengths.length * layout.rows);
  lengths.forEach((length, item) => {
    layout.points.forEach((point, row) => {
      if (point !== null && point.position < length) mask[item * layout.rows + row] = 1;
    });
  });
  return mask;
}
