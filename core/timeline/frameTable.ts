/**
 * Reads the service's frame table (`/index/ID`): the layout that `electron/service/media/index/indexFile.ts` writes, of which the
 * screens need the first column, the PTS.
 *
 * Little endian: `LOFIIDX2`, length of a JSON head, the head padded to eight bytes, then the columns, either plain float64 or
 * a float64 start and int32 distances.
 */
import { StudioError } from '#core/contract/errors';
import type { FrameTimes } from './frameTimes.ts';

interface Head {
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly endPts: number;
  readonly columns: readonly { readonly kind: 'delta' | 'plain'; readonly length: number }[];
}

const MAGIC = 'LOFIIDX2';

/**
 * Unpacks the table.
 *
 * @throws StudioError `damaged` when the bytes are not a table
 */
export function readFrameTable(buffer: ArrayBuffer): FrameTimes {
  const bytes = new DataView(buffer);
  const magic = buffer.byteLength < 12 ? '' : String.fromCharCode(...new Uint8Array(buffer, 0, 8));
  if (magic !== MAGIC) {
    throw new StudioError(
      'damaged',
      'The table of frame times cannot be read. Remove the video and add it again.',
    );
  }
  const length = bytes.getUint32(8, true);
  const head = JSON.parse(decodeText(new Uint8Array(buffer, 12, length))) as Head;
  const at = Math.ceil((12 + length) / 8) * 8;
  const column = head.columns[0];
  if (column === undefined || column.length === 0) {
    throw new StudioError('damaged', 'The table of frame times is empty. Remove the video and add it again.');
  }
  const pts = new Float64Array(column.length);
  if (column.kind === 'plain') {
    for (let i = 0; i < pts.length; i += 1) {
      pts[i] = bytes.getFloat64(at + i * 8, true);
    }
  } else {
    let value = bytes.getFloat64(at, true);
    for (let i = 0; i < pts.length; i += 1) {
      value += bytes.getInt32(at + 8 + i * 4, true);
      pts[i] = value;
    }
  }
  return { pts, endPts: head.endPts, tickSec: head.timeBase.num / head.timeBase.den, exact: true };
}

/** UTF-8 without `TextDecoder`, which is not part of the language. */
function decodeText(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes) {
    escaped += `%${byte.toString(16).padStart(2, '0')}`;
  }
  return decodeURIComponent(escaped);
}
