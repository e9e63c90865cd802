/**
 * safetensors, in and out: the format in which this project keeps weights.
 *
 * Hugging Face safetensors: 8 bytes of header length, a JSON header `{name: {dtype, shape, data_offsets}, __metadata__: {…}}`, then the
 * data without gaps. Offsets are checked to lie inside, not to overlap, and to match the shapes.
 */
import { StudioError } from '#core/contract/errors';
import type { DataType, StoredTensor, StoredTensors } from './storedTensor.ts';
import { checkTensorSize, DATA_TYPES } from './storedTensor.ts';
import { concatenate } from './zip.ts';

/** What a safetensors file holds. */
export interface SafetensorsFile {
  readonly tensors: StoredTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

const LARGEST_HEADER = 100_000_000;

function damaged(file: string, what: string): never {
  throw new StudioError(
    'bad-input',
    `${file} is not a sound safetensors file: ${what}. Fetch or export it again.`,
    { path: file },
  );
}

/** Whether bytes can be safetensors: a header length that fits, then `{`. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 9) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return length <= BigInt(bytes.length - 8) && bytes[8] === 0x7b;
}

/**
 * Reads a file; tensors are views of it.
 *
 * @throws StudioError `bad-input` when the header is broken, offsets lie outside or overlap, or sizes do not match
 */
export function readSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  if (bytes.length < 8) return damaged(file, 'it is too short');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > bytes.length)
    return damaged(file, 'its header is longer than the file');
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(8, 8 + length)), file);
  const data = bytes.subarray(8 + length);
  const tensors: StoredTensors = new Map();
  let metadata: Record<string, string> = {};
  const spans: { begin: number; end: number; name: string }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = Object.fromEntries(
        Object.entries(entry as object).map(([key, value]) => [key, String(value)]),
      );
      continue;
    }
    const { type, shape, begin, end } = parseEntry(name, entry, file);
    if (end > data.length) damaged(file, `the tensor “${name}” lies beyond its end`);
    const tensor: StoredTensor = { type, shape, bytes: data.subarray(begin, end) };
    checkTensorSize(name, tensor, file);
    tensors.set(name, tensor);
    spans.push({ begin, end, name });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  spans.forEach((span, index) => {
    if (span.begin < (spans[index - 1]?.end ?? 0))
      damaged(file, `the tensor “${span.name}” overlaps another`);
  });
  return { tensors, metadata };
}

function parseHeader(text: string, file: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === 'object' && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch {
    // falls through: said below
  }
  return damaged(file, 'its header is not JSON');
}

function parseEntry(
  name: string,
  entry: unknown,
  file: string,
): { type: DataType; shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const type = DATA_TYPES.find((each) => each === dtype);
  if (type === undefined)
    return damaged(file, `the tensor “${name}” has the number type ${String(dtype)}, which is not supported`);
  const whole = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
  if (!whole(shape) || !whole(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    return damaged(file, `the entry of the tensor “${name}” is malformed`);
  }
  return { type, shape, begin: offsets[0]!, end: offsets[1]! };
}

/** Writes a file: equal input gives equal bytes; data begins at a multiple of 8 bytes. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let at = 0;
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  for (const [name, { type, shape, bytes }] of tensors) {
    header.push([name, { dtype: type, shape, data_offsets: [at, at + bytes.length] }]);
    at += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return concatenate([head, ...[...tensors.values()].map((tensor) => tensor.bytes)]);
}
