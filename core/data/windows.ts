/**
 * Windows over videos that are longer than what a head takes at once, half overlapping, so that any action of up to half a window is whole
 * in one of them (G-TAD on THUMOS14: windows of 256 snippets, stride 128).
 */

/** Steps [start, start + count). */
export interface StepWindow {
  readonly start: number;
  readonly count: number;
}

/** Windows of `size` steps with half of it between them; the last one ends with the sequence. One window where it is short enough. */
export function slidingWindows(length: number, size: number): StepWindow[] {
  if (length <= size) return [{ start: 0, count: length }];
  const stride = Math.max(1, Math.floor(size / 2));
  const windows: StepWindow[] = [];
  for (let start = 0; start + size < length; start += stride) windows.push({ start, count: size });
  return [...windows, { start: length - size, count: size }];
}

/** Places that a window answers for: up to the middle of its overlap with each neighbour. Every place has one window. */
export function ownedSteps(
  windows: readonly StepWindow[],
  index: number,
): readonly [from: number, to: number] {
  const [before, own, after] = [windows[index - 1], windows[index]!, windows[index + 1]];
  return [
    before === undefined ? -Infinity : (before.start + before.count + own.start) / 2,
    after === undefined ? Infinity : (own.start + own.count + after.start) / 2,
  ];
}
