/**
 * NumPy's `.npy`, in and out: how arrays travel on the command line.
 *
 * NumPy `lib/format.py`, versions 1–3. Read: any of the common number types, C or Fortran order, either byte order. Written: C order, little
 * endian, version 1.
 */
import { StudioError } from '#core/contract/errors';
import { elementCount, halfToNumber } from './storedTensor.ts';

/** An array with its shape. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the number type without byte order: `f4`, `u1`. */
  readonly type: string;
  /** Row major; float64 for whole numbers of 64 bits. */
  readonly data: Float32Array | Float64Array | Uint8Array | Int32Array;
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const READERS: Readonly<Record<string, readonly [number, Reader]>> = {
  f2: [2, (view, at, little) => halfToNumber(view.getUint16(at, little))],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u1: [1, (view, at) => view.getUint8(at)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  b1: [1, (view, at) => view.getUint8(at)],
};

function bad(file: string, what: string): never {
  throw new StudioError(
    'bad-input',
    `${file} is not an array that can be read: ${what}. Save it with numpy.save.`,
    { path: file },
  );
}

function allocate(type: string, count: number): NpyArray['data'] {
  if (type === 'u1' || type === 'b1') return new Uint8Array(count);
  if (type === 'f4' || type === 'f2') return new Float32Array(count);
  return type === 'f8' || type.endsWith('8') || type === 'u4'
    ? new Float64Array(count)
    : new Int32Array(count);
}

/**
 * Reads an array.
 *
 * @throws StudioError `bad-input` for other files, objects, structured types, and sizes that do not match
 */
export function readNpy(bytes: Uint8Array, file: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || bytes[0] !== 0x93 || new TextDecoder().decode(bytes.subarray(1, 6)) !== 'NUMPY') {
    return bad(file, 'it does not begin as a .npy file');
  }
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) return bad(file, 'its header is cut off');
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descriptor = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(header);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header);
  const dimensions = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(header);
  if (descriptor === null || order === null || dimensions === null)
    return bad(file, 'its header is malformed or its type is not a number');
  const type = descriptor[2]!;
  const reader = READERS[type];
  if (reader === undefined) return bad(file, `its number type “${type}” is not supported`);
  const shape = dimensions[1]!
    .split(',')
    .flatMap((part) => (part.trim() === '' ? [] : [Number.parseInt(part, 10)]));
  const count = elementCount(shape);
  const [size, read] = reader;
  if (bytes.length - start - length !== count * size) {
    return bad(
      file,
      `its shape [${shape.join(', ')}] needs ${count * size} bytes and it has ${bytes.length - start - length}`,
    );
  }
  const little = descriptor[1] !== '>';
  const data = allocate(type, count);
  const first = start + length;
  if (type === 'u1' && order[1] === 'False') data.set(bytes.subarray(first));
  else {
    const place = order[1] === 'True' ? fortranPlaces(shape) : (index: number): number => index;
    for (let index = 0; index < count; index += 1)
      data[place(index)] = read(view, first + index * size, little);
  }
  return { shape, type, data };
}

/** Where the element that stands at `index` in Fortran order stands in C order. */
function fortranPlaces(shape: readonly number[]): (index: number) => number {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  return (index) => {
    let rest = index;
    let place = 0;
    shape.forEach((length, axis) => {
      place += (rest % length) * strides[axis]!;
      rest = Math.floor(rest / length);
    });
    return place;
  };
}

/**
 * An array as a file.
 *
 * @throws StudioError `internal` when shape and data do not agree
 */
export function writeNpy(
  shape: readonly number[],
  data: Float32Array | Float64Array | Uint8Array | Int32Array,
): Uint8Array {
  if (elementCount(shape) !== data.length) {
    throw new StudioError(
      'internal',
      `An array of shape [${shape.join(', ')}] cannot hold ${data.length} numbers. Report this.`,
    );
  }
  const type =
    data instanceof Float32Array
      ? '<f4'
      : data instanceof Float64Array
        ? '<f8'
        : data instanceof Int32Array
          ? '<i4'
          : '|u1';
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const file = new Uint8Array(10 + padded + data.byteLength).fill(0x20, 0, 10 + padded);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(file.buffer).setUint16(8, padded, true);
  file.set(new TextEncoder().encode(text), 10);
  file[10 + padded - 1] = 0x0a;
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded);
  return file;
}
