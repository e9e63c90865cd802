/**
 * The bytes of a pickle, read from front to back: numbers, lines, texts, and errors that say where.
 */
import { StudioError } from '#core/contract/errors';

const utf8 = new TextDecoder('utf-8');

/** A place in a pickle that moves on with every reading. */
export interface PickleBytes {
  /** Where the next reading begins. */
  readonly position: () => number;
  /** @throws StudioError `bad-input` always */
  readonly fail: (what: string) => never;
  readonly take: (count: number) => Uint8Array;
  readonly u8: () => number;
  readonly u16: () => number;
  readonly u32: () => number;
  readonly i32: () => number;
  readonly u64: () => number;
  /** Big endian, as pickles have it. */
  readonly f64: () => number;
  /** Up to the next newline, without it. */
  readonly line: () => string;
  readonly text: (length: number) => string;
}

/** Reads `bytes` from `start` on. @throws StudioError `bad-input` where it ends too early */
export function pickleBytes(bytes: Uint8Array, start: number, file: string): PickleBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const fail = (what: string): never => {
    throw new StudioError(
      'bad-input',
      `${file} cannot be read: ${what} (byte ${at}). The file is damaged or not a PyTorch checkpoint.`,
      { path: file, offset: at },
    );
  };
  const take = (count: number): Uint8Array => {
    if (!(count >= 0) || at + count > bytes.length) fail('it ends too early');
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    position: () => at,
    fail,
    take,
    u8: () => take(1)[0]!,
    u16: () => (take(2), view.getUint16(at - 2, true)),
    u32: () => (take(4), view.getUint32(at - 4, true)),
    i32: () => (take(4), view.getInt32(at - 4, true)),
    u64: () => (take(8), Number(view.getBigUint64(at - 8, true))),
    f64: () => (take(8), view.getFloat64(at - 8, false)),
    line: () => {
      const end = bytes.indexOf(10, at);
      if (end < 0) fail('a line never ends');
      const text = utf8.decode(bytes.subarray(at, end));
      at = end + 1;
      return text;
    },
    text: (length) => utf8.decode(take(length)),
  };
}

/** The text of a quoted Python string (protocol 0). */
export function unquoted(source: string): string {
  return source
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, escape: string) =>
      escape.startsWith('x') && escape.length === 3
        ? String.fromCharCode(Number.parseInt(escape.slice(1), 16))
        : ({ n: '\n', r: '\r', t: '\t' }[escape] ?? escape),
    );
}

/** A whole number: a `bigint` where a double cannot hold it. */
const wholeNumber = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

/** A little-endian two's complement number of any length. */
export function longOfBytes(data: Uint8Array): number | bigint {
  let value = 0n;
  for (let index = data.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(data[index]!);
  if (data.length > 0 && (data[data.length - 1]! & 0x80) !== 0) value -= 1n << BigInt(8 * data.length);
  return wholeNumber(value);
}

/** A decimal number with or without Python 2's `L`; null when it is none. */
export function longOfText(source: string): number | bigint | null {
  const digits = source.trim().replace(/L$/, '');
  return /^-?\d+$/.test(digits) ? wholeNumber(BigInt(digits)) : null;
}
