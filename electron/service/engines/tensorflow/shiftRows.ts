/**
 * The temporal shift as one gather: from which part of which position each part of a position's channels comes.
 */

/** Lists that were made last; a training has few sizes, and the lists of 64 frames of 112² take 4 MB. */
const KEPT = 16;

const lists = new Map<string, Int32Array>();

/**
 * Indices into [N·H·W·division, C / division]; one past the end where nothing comes (the shift fills with 0).
 * @param shape [N, H, W, C] with N = snippets × frames
 * @param direction −1 is the transposed shift, for gradients
 * @returns null where the channels do not split evenly
 */
export function shiftedRows(
  [count, height, width, channels]: readonly [number, number, number, number],
  division: number,
  frames: number,
  direction: 1 | -1,
): Int32Array | null {
  if (channels % division !== 0) return null;
  const key = [count, height * width, division, frames, direction].join();
  const known = lists.get(key);
  if (known) {
    lists.delete(key);
    lists.set(key, known);
    return known;
  }
  const perFrame = height * width * division;
  const rows = new Int32Array(count * perFrame);
  for (let index = 0; index < rows.length; index += 1) {
    const part = index % division;
    const time = Math.floor(index / perFrame) % frames;
    const move = part === 0 ? direction : part === 1 ? -direction : 0;
    const from = time + move;
    rows[index] = from < 0 || from >= frames ? rows.length : index + move * perFrame;
  }
  lists.set(key, rows);
  const [oldest] = lists.keys();
  if (lists.size > KEPT) lists.delete(oldest!);
  return rows;
}
