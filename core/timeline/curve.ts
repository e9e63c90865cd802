/**
 * Score curves as pixels: samples of equal length, one value for each column of a view. Zoomed out, a column is as high as the
 * highest sample in it, so that no peak is lost; zoomed in, values go straight from one sample's middle to the next.
 */
import { xToTime, type TimelineView } from './scale.ts';

/** Samples of one curve; sample i stands for [startSec + i · stepSec, + stepSec). */
export interface Curve {
  readonly startSec: number;
  readonly stepSec: number;
  /** [count] 0–1 */
  readonly values: Float32Array;
}

/** Value at a time; null outside of the curve. */
export function curveAt({ startSec, stepSec, values }: Curve, sec: number): number | null {
  const count = values.length;
  if (sec < startSec || sec >= startSec + count * stepSec) {
    return null;
  }
  const place = (sec - startSec) / stepSec - 0.5;
  const left = Math.max(0, Math.min(count - 1, Math.floor(place)));
  const right = Math.min(count - 1, left + 1);
  const share = Math.max(0, Math.min(1, place - left));
  return values[left]! * (1 - share) + values[right]! * share;
}

/**
 * Values of the columns of a view.
 *
 * @param columns [width] filled; −1 where the curve says nothing
 */
export function curveColumns(curve: Curve, view: TimelineView, columns: Float32Array): void {
  const { startSec, stepSec, values } = curve;
  const wide = stepSec * view.pxPerSec >= 1;
  for (let x = 0; x < columns.length; x += 1) {
    const from = xToTime(view, x);
    if (wide) {
      columns[x] = curveAt(curve, from + 0.5 / view.pxPerSec) ?? -1;
      continue;
    }
    const first = Math.max(0, Math.floor((from - startSec) / stepSec));
    const last = Math.min(values.length, Math.ceil((from + 1 / view.pxPerSec - startSec) / stepSec));
    let highest = -1;
    for (let i = first; i < last; i += 1) {
      highest = Math.max(highest, values[i]!);
    }
    columns[x] = highest;
  }
}
