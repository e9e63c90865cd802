/**
 * Writes PyTorch checkpoints in the ZIP form, so that what was trained here opens with `torch.load(…, weights_only=True)`.
 *
 * torch `serialization.py`, `_save`: a pickle of protocol 2 whose tensors are `_rebuild_tensor_v2` calls on storages, one file each.
 */
import { StudioError } from '#core/contract/errors';
import type { DataType, StoredTensor } from './storedTensor.ts';
import { elementCount } from './storedTensor.ts';
import type { ZipPart } from './zip.ts';
import { concatenate, writeZip } from './zip.ts';

/** What can be written: dictionaries as maps, lists, tensors, and plain values. */
export type WritableCheckpoint =
  | null
  | boolean
  | number
  | string
  | StoredTensor
  | readonly WritableCheckpoint[]
  | ReadonlyMap<string, WritableCheckpoint>;

const STORAGE_NAMES: Readonly<Record<DataType, string>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

const encoder = new TextEncoder();

function number(value: number): Uint8Array {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0)) {
    const bytes = new Uint8Array(5);
    bytes[0] = 0x4a;
    new DataView(bytes.buffer).setInt32(1, value, true);
    return bytes;
  }
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    const bytes = new Uint8Array(10);
    bytes.set([0x8a, 8]);
    new DataView(bytes.buffer).setBigInt64(2, BigInt(value), true);
    return bytes;
  }
  const bytes = new Uint8Array(9);
  bytes[0] = 0x47;
  new DataView(bytes.buffer).setFloat64(1, value, false);
  return bytes;
}

function text(value: string): Uint8Array {
  const body = encoder.encode(value);
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = 0x58;
  new DataView(bytes.buffer).setUint32(1, body.length, true);
  bytes.set(body, 5);
  return bytes;
}

const opcode = (...codes: number[]): Uint8Array => Uint8Array.from(codes);
const global = (module: string, name: string): Uint8Array => encoder.encode(`c${module}\n${name}\n`);
const tuple = (items: readonly Uint8Array[]): Uint8Array[] => [opcode(0x28), ...items, opcode(0x74)];

/**
 * A checkpoint as a `.pth` file.
 *
 * @param root usually a map of names to tensors, or a map with such a map as `state_dict`
 * @throws StudioError `bad-input` above 4 GiB
 */
export function writeTorchFile(root: WritableCheckpoint): Uint8Array {
  const storages: Uint8Array[] = [];
  const ordered = [global('collections', 'OrderedDict'), opcode(0x29, 0x52)];
  const write = (value: WritableCheckpoint): Uint8Array[] => {
    if (value === null) return [opcode(0x4e)];
    if (typeof value === 'boolean') return [opcode(value ? 0x88 : 0x89)];
    if (typeof value === 'number') return [number(value)];
    if (typeof value === 'string') return [text(value)];
    if (value instanceof Map) {
      const map = value as ReadonlyMap<string, WritableCheckpoint>;
      const items = [...map].flatMap(([key, item]) => [text(key), ...write(item)]);
      const holdsTensors = [...map.values()].some((item) => isTensor(item));
      return [...(holdsTensors ? ordered : [opcode(0x7d)]), opcode(0x28), ...items, opcode(0x75)];
    }
    if (isTensor(value)) return tensor(value);
    if (Array.isArray(value)) {
      const list = value as readonly WritableCheckpoint[];
      return [opcode(0x5d, 0x28), ...list.flatMap(write), opcode(0x65)];
    }
    throw new StudioError('internal', 'A value that checkpoints cannot hold was to be written. Report this.');
  };
  const tensor = ({ type, shape, bytes }: StoredTensor): Uint8Array[] => {
    const key = String(storages.length);
    storages.push(bytes);
    const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
    const storage = [
      text('storage'),
      global('torch', STORAGE_NAMES[type]),
      text(key),
      text('cpu'),
      number(elementCount(shape)),
    ];
    return [
      global('torch._utils', '_rebuild_tensor_v2'),
      ...tuple([
        ...tuple(storage),
        opcode(0x51),
        number(0),
        ...tuple(shape.map(number)),
        ...tuple(strides.map(number)),
        opcode(0x89),
        ...ordered,
      ]),
      opcode(0x52),
    ];
  };
  const pickle = concatenate([opcode(0x80, 2), ...write(root), opcode(0x2e)]);
  const parts: ZipPart[] = [
    { name: 'archive/data.pkl', bytes: pickle },
    { name: 'archive/byteorder', bytes: encoder.encode('little') },
    ...storages.map((bytes, index) => ({ name: `archive/data/${index}`, bytes })),
    { name: 'archive/version', bytes: encoder.encode('3\n') },
  ];
  return writeZip(parts);
}

function isTensor(value: WritableCheckpoint): value is StoredTensor {
  return typeof value === 'object' && value !== null && 'bytes' in value && 'shape' in value;
}
