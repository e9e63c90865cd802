/**
 * The safetensors format (github huggingface/safetensors): an eight-byte length, a JSON header, then raw little-endian data.
 *
 * Written tensors are float32. Read are F32, F16, BF16 and F64, all turned into float32; integers are left out. Every offset is checked
 * against the file's size before anything is allocated.
 */
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

/** Tensors with the header's free text. */
export interface SafetensorsFile {
  readonly tensors: TensorMap;
  readonly metadata: Readonly<Record<string, string>>;
}

const LARGEST_HEADER = 100_000_000;
const BYTES: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Writes tensors in the order of their names, so that equal tensors make equal files. */
export function encodeSafetensors(tensors: TensorMap, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const names = Object.keys(tensors).sort();
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const name of names) {
    const { shape, data } = tensors[name]!;
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.length * 4] };
    at += data.length * 4;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let to = 8 + headerLength;
  for (const name of names) {
    const { data } = tensors[name]!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
    to += data.byteLength;
  }
  return bytes;
}

function damaged(what: string): StudioError {
  return new StudioError('damaged', `This is not a whole safetensors file: ${what}. Copy or download it again.`);
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readTensor(view: DataView, at: number, entry: HeaderEntry, count: number): HostTensor {
  const data = new Float32Array(count);
  const bits = new DataView(new ArrayBuffer(4));
  for (let i = 0; i < count; i += 1) {
    switch (entry.dtype) {
      case 'F32':
        data[i] = view.getFloat32(at + i * 4, true);
        break;
      case 'F64':
        data[i] = view.getFloat64(at + i * 8, true);
        break;
      case 'F16':
        data[i] = halfToFloat(view.getUint16(at + i * 2, true));
        break;
      default:
        bits.setUint32(0, view.getUint16(at + i * 2, true) << 16);
        data[i] = bits.getFloat32(0);
    }
  }
  return { shape: [...entry.shape], data };
}

function isEntry(value: unknown): value is HeaderEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Partial<Record<keyof HeaderEntry, unknown>>;
  const isWhole = (number: unknown): boolean => Number.isSafeInteger(number) && (number as number) >= 0;
  return (
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every(isWhole) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(isWhole)
  );
}

/** Reads a file. @throws StudioError `damaged` */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < 8) throw damaged('it is shorter than eight bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > LARGEST_HEADER || 8 + headerLength > bytes.length) throw damaged('the header is longer than the file');
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength))) as typeof header;
  } catch {
    throw damaged('the header is not JSON');
  }
  const tensors: TensorMap = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isEntry(entry)) throw damaged(`the entry of "${name}" has another form`);
    const size = BYTES[entry.dtype];
    if (size === undefined) continue;
    const count = entry.shape.reduce((product, length) => product * length, 1);
    const [from, to] = entry.data_offsets;
    const isInside = to - from === count * size && 8 + headerLength + to <= bytes.length;
    if (!isInside) throw damaged(`the data of "${name}" does not fit its shape`);
    tensors[name] = readTensor(view, 8 + headerLength + from, entry, count);
  }
  return { tensors, metadata: (header['__metadata__'] ?? {}) as Record<string, string> };
}
