/**
 * The file that a frame index is kept and served in.
 *
 * Layout, little endian: `LOFIIDX2`, length of a JSON head (uint32), the head padded to eight bytes, then the columns that it lists.
 * PTS are kept as int32 distances where they fit: three hours at 60 frames a second take 2.6 MB.
 */
import type { FrameIndex } from './frameIndex.ts';

const MAGIC = 'LOFIIDX2';
/** Raised when the index of an unchanged file comes out otherwise than before: older ones are made anew. */
const MAKER = 4;

type Head = Omit<FrameIndex, 'pts' | 'ids' | 'keys'> & {
  readonly columns: readonly { readonly kind: 'delta' | 'plain'; readonly length: number }[];
  readonly sameIds: boolean;
  readonly maker: number;
};

function isDelta(column: Float64Array): boolean {
  for (let i = 1; i < column.length; i += 1)
    if (Math.abs(column[i]! - column[i - 1]!) > 0x7fffffff) return false;
  return true;
}

/** Packs an index into bytes. */
export function packIndex(index: FrameIndex): Buffer {
  const { pts, ids, keys, ...rest } = index;
  const sameIds = ids === pts || (ids.length === pts.length && ids.every((id, i) => id === pts[i]));
  const columns = [pts, ...(sameIds ? [] : [ids]), keys.pts, keys.dts];
  const parts: Buffer[] = [];
  const kinds = columns.map((column) => {
    const kind = isDelta(column) ? ('delta' as const) : ('plain' as const);
    if (kind === 'plain') parts.push(Buffer.from(column.slice().buffer));
    else {
      const bytes = Buffer.alloc(8 + (column.length + (column.length & 1)) * 4);
      bytes.writeDoubleLE(column[0] ?? 0, 0);
      const distances = new Int32Array(bytes.buffer, bytes.byteOffset + 8, column.length);
      for (let i = 1; i < column.length; i += 1) distances[i] = column[i]! - column[i - 1]!;
      parts.push(bytes);
    }
    return { kind, length: column.length };
  });
  const head: Head = { ...rest, columns: kinds, sameIds, maker: MAKER };
  const text = Buffer.from(JSON.stringify(head));
  const front = Buffer.alloc(Math.ceil((12 + text.length) / 8) * 8);
  front.write(MAGIC, 'latin1');
  front.writeUInt32LE(text.length, 8);
  text.copy(front, 12);
  return Buffer.concat([front, ...parts]);
}

/** Unpacks an index; null when the bytes are not one. */
export function unpackIndex(bytes: Buffer): FrameIndex | null {
  try {
    if (bytes.toString('latin1', 0, 8) !== MAGIC) return null;
    const length = bytes.readUInt32LE(8);
    const { columns, sameIds, maker, ...rest } = JSON.parse(bytes.toString('utf8', 12, 12 + length)) as Head;
    if (maker !== MAKER) return null;
    let at = Math.ceil((12 + length) / 8) * 8;
    const read = columns.map(({ kind, length: count }) => {
      const column = new Float64Array(count);
      if (kind === 'plain') {
        for (let i = 0; i < count; i += 1) column[i] = bytes.readDoubleLE(at + i * 8);
        at += count * 8;
      } else {
        let value = bytes.readDoubleLE(at);
        const distances = new Int32Array(
          bytes.buffer.slice(bytes.byteOffset + at + 8, bytes.byteOffset + at + 8 + count * 4),
        );
        for (let i = 0; i < count; i += 1) {
          value += distances[i]!;
          column[i] = value;
        }
        at += 8 + (count + (count & 1)) * 4;
      }
      return column;
    });
    const [pts, second, third, fourth] = read;
    const [ids, keyPts, keyDts] = sameIds ? [pts, second, third] : [second, third, fourth];
    if (pts === undefined || ids === undefined || keyPts === undefined || keyDts === undefined) return null;
    return { ...rest, pts, ids, keys: { pts: keyPts, dts: keyDts } };
  } catch {
    return null;
  }
}
