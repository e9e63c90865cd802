/**
 * The file that a video's score curves are kept in, one for each model.
 *
 * Little endian: `LOFICRV1`, length of a JSON head (uint32), the head padded to a multiple of four bytes, then float32 [series, count].
 * Only the numbers are served; the head is told by the contract.
 */
import { StudioError } from '#core/contract/errors';
import type { GridCurves } from '#core/model/detector';

/** What the numbers are. */
export interface CurveHead {
  readonly startSec: number;
  readonly stepSec: number;
  readonly count: number;
  /** `label` is empty for edges. */
  readonly series: readonly { readonly kind: 'label' | 'start' | 'end'; readonly label: string }[];
}

const MAGIC = 'LOFICRV1';
const FRONT = MAGIC.length + 4;
/** Longest head that is believed. */
const MAX_HEAD = 16e6;

/** Names the rows of a head's curves. */
export function curveSeries(curves: GridCurves, labels: readonly string[]): CurveHead['series'] {
  return curves.rows.map((row) =>
    typeof row === 'number' ? { kind: 'label', label: labels[row] ?? '' } : { kind: row, label: '' },
  );
}

/** Packs curves. values: float32 [series, count] */
export function packCurves(head: CurveHead, values: Float32Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const padded = Math.ceil((FRONT + text.length) / 4) * 4;
  const bytes = new Uint8Array(padded + values.byteLength);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, padded - FRONT, true);
  bytes.fill(0x20, FRONT, padded);
  bytes.set(text, FRONT);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), padded);
  return bytes;
}

/**
 * Bytes before the numbers, from a file's first 12 bytes.
 * @throws StudioError `damaged` when they do not begin such a file
 */
export function curveHeadBytes(front: Uint8Array): number {
  const length =
    front.length < FRONT
      ? Infinity
      : new DataView(front.buffer, front.byteOffset, front.byteLength).getUint32(MAGIC.length, true);
  if (new TextDecoder('latin1').decode(front.subarray(0, MAGIC.length)) !== MAGIC || length > MAX_HEAD) {
    throw new StudioError('damaged', 'This is no file of score curves. Predict on the video again.');
  }
  return FRONT + length;
}

/** Reads the head. @throws StudioError `damaged` when the file is cut short or its parts do not fit */
export function readCurveHead(bytes: Uint8Array, fileBytes: number): CurveHead {
  const front = curveHeadBytes(bytes);
  let head: CurveHead | null = null;
  try {
    head = JSON.parse(new TextDecoder().decode(bytes.subarray(FRONT, front))) as CurveHead;
  } catch {
    // Told below.
  }
  if (head === null || fileBytes !== front + head.series.length * head.count * 4) {
    throw new StudioError(
      'damaged',
      'A file of score curves is cut short or damaged. Predict on the video again.',
    );
  }
  return head;
}
