/**
 * Sparse matrix times dense rows, on the host: what aligns G-TAD's sub-graphs.
 *
 * Each output row is a weighted sum of some two hundred of several thousand input rows. No TF.js back end has a kernel for that, and as a
 * dense product it costs twenty times the arithmetic. A function of one hundred instructions in WebAssembly SIMD does it, assembled here
 * because it is too small to need a toolchain; a test compares it with plain loops.
 */

/** A sparse matrix by rows. */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  /** Where each row's entries begin; one more than rows. */
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly value: Float32Array;
}

/** Rows and columns exchanged. */
export function transposeSparse(matrix: SparseRows): SparseRows {
  const start = new Int32Array(matrix.columns + 1);
  for (const column of matrix.column) start[column + 1] = start[column + 1]! + 1;
  for (let i = 0; i < matrix.columns; i += 1) start[i + 1] = start[i + 1]! + start[i]!;
  const next = start.slice();
  const column = new Int32Array(matrix.column.length);
  const value = new Float32Array(matrix.value.length);
  for (let row = 0; row < matrix.rows; row += 1) {
    for (let k = matrix.start[row]!; k < matrix.start[row + 1]!; k += 1) {
      const at = next[matrix.column[k]!]!;
      next[matrix.column[k]!] = at + 1;
      column[at] = row;
      value[at] = matrix.value[k]!;
    }
  }
  return { rows: matrix.columns, columns: matrix.rows, start, column, value };
}

/** Floats that one pass over a row adds up: eight SIMD registers. */
const TILE = 32;
/** Dense rows are spaced by an odd number of cache lines, so that they do not fall on the same cache set. */
const PADDING = 16;
/** Channels in the module's memory at a time, a multiple of `TILE`: each tile passes over the matrix anyway. */
const GROUP = 64;

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly multiply: (
    start: number,
    offsets: number,
    values: number,
    dense: number,
    out: number,
    rows: number,
    channelBytes: number,
  ) => void;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

let kernel: Kernel | null = null;

function loadKernel(): Kernel {
  if (kernel === null) {
    const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
    kernel = new api.Instance(new api.Module(assemble())).exports as Kernel;
  }
  return kernel;
}

/**
 * matrix · dense.
 *
 * @param dense [matrix.columns, channels]
 * @returns [matrix.rows, channels]
 */
export function multiplySparse(matrix: SparseRows, dense: Float32Array, channels: number): Float32Array {
  const { memory, multiply } = loadKernel();
  const result = new Float32Array(matrix.rows * channels);
  const width = Math.min(GROUP, Math.ceil(channels / TILE) * TILE);
  const pitch = width + PADDING;
  const count = matrix.value.length;
  const startAt = 0;
  const offsetsAt = align(startAt + 4 * (matrix.rows + 1));
  const valuesAt = align(offsetsAt + 4 * count);
  const denseAt = align(valuesAt + 4 * count);
  const outAt = align(denseAt + 4 * pitch * matrix.columns);
  const total = outAt + 4 * width * matrix.rows;
  const missing = total - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const { buffer } = memory;
  new Int32Array(buffer, startAt, matrix.rows + 1).set(matrix.start);
  const offsets = new Int32Array(buffer, offsetsAt, count);
  for (let k = 0; k < count; k += 1) offsets[k] = matrix.column[k]! * pitch * 4;
  new Float32Array(buffer, valuesAt, count).set(matrix.value);
  const rows = new Float32Array(buffer, denseAt, pitch * matrix.columns);
  const out = new Float32Array(buffer, outAt, width * matrix.rows);
  for (let first = 0; first < channels; first += width) {
    const own = Math.min(width, channels - first);
    for (let row = 0; row < matrix.columns; row += 1) {
      const from = row * channels + first;
      rows.set(dense.subarray(from, from + own), row * pitch);
      if (width > own) rows.fill(0, row * pitch + own, row * pitch + width);
    }
    multiply(startAt, offsetsAt, valuesAt, denseAt, outAt, matrix.rows, 4 * width);
    for (let row = 0; row < matrix.rows; row += 1) {
      result.set(out.subarray(row * width, row * width + own), row * channels + first);
    }
  }
  return result;
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The module: `memory` and `multiply`, for each tile of channels, for each row, for each entry: registers += value · dense. */
// prettier-ignore
function assemble(): Uint8Array {
  const leb = (value: number): number[] => {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
      rest >>>= 7;
    } while (rest > 0);
    return bytes;
  };
  const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];
  const name = (text: string): number[] => [text.length, ...text.split('').map((letter) => letter.charCodeAt(0))];
  const [START, OFFSETS, VALUES, DENSE, OUT, ROWS, BYTES, C, ROW, K, END, P, W, ACC] = Array.from({ length: 14 }, (_, i) => i) as [
    number, number, number, number, number, number, number, number, number, number, number, number, number, number,
  ];
  const get = (local: number): number[] => [0x20, local];
  const set = (local: number): number[] => [0x21, local];
  // Signed LEB128; used below 64 in one byte and above in two.
  const constant = (value: number): number[] => [0x41, ...(value < 64 ? [value] : [(value & 0x7f) | 0x80, value >> 7])];
  const add = [0x6a];
  const times4 = [...constant(2), 0x74];
  const loadI32 = (offset: number): number[] => [0x28, 2, offset];
  const zero = [0xfd, 0x0c, ...Array<number>(16).fill(0)];
  const registers = Array.from({ length: TILE / 4 }, (_, i) => i);
  const increment = (local: number, by: number): number[] => [...get(local), ...constant(by), ...add, ...set(local)];
  const below = (a: number, b: number): number[] => [...get(a), ...get(b), 0x49];
  const again = [0x0d, 0];
  const inner = [
    ...get(DENSE), ...get(C), ...add, ...get(OFFSETS), ...get(K), ...times4, ...add, ...loadI32(0), ...add, ...set(P),
    ...get(VALUES), ...get(K), ...times4, ...add, 0x2a, 2, 0, 0xfd, 0x13, ...set(W),
    ...registers.flatMap((i) => [
      ...get(P), 0xfd, 0x00, 4, ...leb(16 * i), ...get(W), 0xfd, 0xe6, 0x01, ...get(ACC + i), 0xfd, 0xe4, 0x01, ...set(ACC + i),
    ]),
    ...increment(K, 1), ...below(K, END), ...again,
  ];
  const row = [
    ...registers.flatMap((i) => [...zero, ...set(ACC + i)]),
    ...get(START), ...get(ROW), ...times4, ...add, ...loadI32(0), ...set(K),
    ...get(START), ...get(ROW), ...times4, ...add, ...loadI32(4), ...set(END),
    ...below(K, END), 0x04, 0x40, 0x03, 0x40, ...inner, 0x0b, 0x0b,
    ...get(OUT), ...get(C), ...add, ...get(ROW), ...get(BYTES), 0x6c, ...add, ...set(P),
    ...registers.flatMap((i) => [...get(P), ...get(ACC + i), 0xfd, 0x0b, 4, ...leb(16 * i)]),
    ...increment(ROW, 1), ...below(ROW, ROWS), ...again,
  ];
  const tile = [
    ...constant(0), ...set(ROW), ...below(ROW, ROWS), 0x04, 0x40, 0x03, 0x40, ...row, 0x0b, 0x0b,
    ...increment(C, TILE * 4), ...below(C, BYTES), ...again,
  ];
  const code = [2, 5, 0x7f, 1 + TILE / 4, 0x7b, 0x03, 0x40, ...tile, 0x0b, 0x0b];
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 7, ...Array<number>(7).fill(0x7f), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('multiply'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}
