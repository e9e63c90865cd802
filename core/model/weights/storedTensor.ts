/** A tensor as it stands in a file: any number type, contiguous, little endian. */
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

/** Number types under safetensors' names. */
export const DATA_TYPES = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'] as const;

/** One of `DATA_TYPES`. */
export type DataType = (typeof DATA_TYPES)[number];

/** A tensor of a file. */
export interface StoredTensor {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Row major, little endian. */
  readonly bytes: Uint8Array;
}

/** Tensors by name, in file order. */
export type StoredTensors = Map<string, StoredTensor>;

const SIZES: Readonly<Record<DataType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one number. */
export function itemSize(type: DataType): number {
  return SIZES[type];
}

/** Numbers in a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** IEEE half precision as a number. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) !== 0 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Any number type as float32; whole numbers above 2²⁴ lose digits, as they would in PyTorch's `.float()`. */
export function toHostTensor(tensor: StoredTensor): HostTensor {
  const { shape, type, bytes } = tensor;
  const count = elementCount(shape);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fill = (read: (index: number) => number): Float32Array => {
    const data = new Float32Array(count);
    for (let index = 0; index < count; index += 1) data[index] = read(index);
    return data;
  };
  switch (type) {
    case 'F32': {
      const data = new Float32Array(count);
      new Uint8Array(data.buffer).set(bytes);
      return { shape, data };
    }
    case 'F64':
      return { shape, data: fill((index) => view.getFloat64(index * 8, true)) };
    case 'F16':
      return { shape, data: fill((index) => halfToNumber(view.getUint16(index * 2, true))) };
    case 'BF16': {
      const data = new Float32Array(count);
      const bits = new Uint32Array(data.buffer);
      for (let index = 0; index < count; index += 1) bits[index] = view.getUint16(index * 2, true) << 16;
      return { shape, data };
    }
    case 'I64':
      return { shape, data: fill((index) => Number(view.getBigInt64(index * 8, true))) };
    case 'I32':
      return { shape, data: fill((index) => view.getInt32(index * 4, true)) };
    case 'I16':
      return { shape, data: fill((index) => view.getInt16(index * 2, true)) };
    case 'I8':
      return { shape, data: fill((index) => view.getInt8(index)) };
    case 'U8':
    case 'BOOL':
      return { shape, data: fill((index) => bytes[index]!) };
  }
}

/** A float32 tensor for a file; shares memory. */
export function fromHostTensor({ shape, data }: HostTensor): StoredTensor {
  return { type: 'F32', shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Parameters for a file, in their order. */
export function fromTensorMap(parameters: TensorMap): StoredTensors {
  return new Map(Object.entries(parameters).map(([name, tensor]) => [name, fromHostTensor(tensor)]));
}

/** Everything as float32. */
export function toTensorMap(tensors: ReadonlyMap<string, StoredTensor>): TensorMap {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, toHostTensor(tensor)]));
}

/** The numbers of shape and bytes agree. @throws StudioError `bad-input` */
export function checkTensorSize(name: string, tensor: StoredTensor, file: string): void {
  const expected = elementCount(tensor.shape) * itemSize(tensor.type);
  if (tensor.bytes.length !== expected) {
    throw new StudioError(
      'bad-input',
      `${file}: the tensor “${name}” of shape [${tensor.shape.join(', ')}] needs ${expected} bytes and has ${tensor.bytes.length}. The file is damaged.`,
      { path: file, tensor: name },
    );
  }
}
