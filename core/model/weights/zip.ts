/**
 * The part of ZIP that PyTorch files need: entries found through the central directory, stored or deflated, sizes and checksums checked.
 *
 * APPNOTE 6.3; ZIP64 is read. fflate inflates; its own `unzipSync` checks neither checksums nor sizes and copies stored data, which
 * for weights is all of it (docs/decisions/0051-restricted-checkpoint-reader.md).
 */
import { inflateSync } from 'fflate';
import { StudioError } from '#core/contract/errors';

/** One file inside. */
export interface ZipEntry {
  readonly name: string;
  readonly compressed: boolean;
  readonly compressedSize: number;
  readonly size: number;
  readonly checksum: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const MAX32 = 0xffffffff;
const LONGEST_COMMENT = 0xffff;
/** Deflate cannot shrink more than this. */
const LARGEST_RATIO = 1032;

let table: Uint32Array | undefined;

/** CRC-32 as ZIP has it. */
export function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) !== 0 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let crc = MAX32;
  for (let index = 0; index < bytes.length; index += 1)
    crc = table[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ MAX32) >>> 0;
}

/** Whether bytes begin like a ZIP file. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return (
    bytes.length > 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL_SIGNATURE
  );
}

function damaged(file: string, what: string): never {
  throw new StudioError(
    'bad-input',
    `${file} cannot be read: ${what}. It is damaged or was not copied whole; fetch it again.`,
    { path: file },
  );
}

/**
 * The entries of a ZIP file by name.
 *
 * @throws StudioError `bad-input` when its directory is missing, cut off, or points outside the file
 */
export function readZipDirectory(bytes: Uint8Array, file: string): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (at: number): number => Number(view.getBigUint64(at, true));
  let end = bytes.length - 22;
  while (
    end >= 0 &&
    bytes.length - end <= LONGEST_COMMENT + 22 &&
    view.getUint32(end, true) !== END_SIGNATURE
  )
    end -= 1;
  if (end < 0 || view.getUint32(end, true) !== END_SIGNATURE)
    return damaged(file, 'its directory is missing');
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const locator = end - 20;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR64_SIGNATURE) {
    const end64 = wide(locator + 8);
    if (end64 + 56 > bytes.length || view.getUint32(end64, true) !== END64_SIGNATURE)
      damaged(file, 'its directory is broken');
    count = wide(end64 + 32);
    at = wide(end64 + 48);
  }
  const entries = new Map<string, ZipEntry>();
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE)
      damaged(file, 'its directory is broken');
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) damaged(file, 'its directory is cut off');
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const fields = [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ];
    readWideFields(view, at + 46 + nameLength, extraLength, fields);
    const [size = 0, compressedSize = 0, offset = 0] = fields;
    if (method !== 0 && method !== 8)
      damaged(file, `“${name}” uses a compression that is not known (${method})`);
    if (method === 0 && size !== compressedSize)
      damaged(file, `the sizes of “${name}” contradict each other`);
    if (size > compressedSize * LARGEST_RATIO + 64) damaged(file, `the size of “${name}” is impossible`);
    entries.set(name, {
      name,
      compressed: method === 8,
      compressedSize,
      size,
      checksum: view.getUint32(at + 16, true),
      offset,
    });
    at = next;
  }
  return entries;
}

/** Replaces the fields that say “look in the ZIP64 extra field”. */
function readWideFields(view: DataView, start: number, length: number, fields: number[]): void {
  let at = start;
  while (at + 4 <= start + length) {
    const id = view.getUint16(at, true);
    const size = view.getUint16(at + 2, true);
    if (id === 1) {
      let inside = at + 4;
      fields.forEach((field, index) => {
        if (field !== MAX32 || inside + 8 > at + 4 + size) return;
        fields[index] = Number(view.getBigUint64(inside, true));
        inside += 8;
      });
    }
    at += 4 + size;
  }
}

/**
 * The bytes of one entry; a view of the file where it is stored.
 *
 * @throws StudioError `bad-input` when it is cut off or its checksum differs
 */
export function readZipEntry(bytes: Uint8Array, entry: ZipEntry, file: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { offset, name } = entry;
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== LOCAL_SIGNATURE)
    damaged(file, `“${name}” is not where it should be`);
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + entry.compressedSize > bytes.length) damaged(file, `“${name}” is cut off`);
  const stored = bytes.subarray(start, start + entry.compressedSize);
  const data = entry.compressed ? inflate(stored, entry, file) : stored;
  if (data.length !== entry.size || crc32(data) !== entry.checksum)
    damaged(file, `the checksum of “${name}” differs`);
  return data;
}

function inflate(stored: Uint8Array, entry: ZipEntry, file: string): Uint8Array {
  try {
    return inflateSync(stored, { out: new Uint8Array(entry.size) });
  } catch {
    return damaged(file, `“${entry.name}” does not unpack`);
  }
}

/** A file to be stored. */
export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const ALIGNMENT = 64;

/**
 * A ZIP file of stored parts, each beginning at a multiple of 64 bytes as PyTorch writes them.
 *
 * @throws StudioError `bad-input` above 4 GiB
 */
export function writeZip(parts: readonly ZipPart[]): Uint8Array {
  const encoder = new TextEncoder();
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const name = encoder.encode(part.name);
    const checksum = crc32(part.bytes);
    const gap = (ALIGNMENT - ((at + 30 + name.length + 4) % ALIGNMENT)) % ALIGNMENT;
    const header = new Uint8Array(30 + name.length + 4 + gap);
    const view = new DataView(header.buffer);
    view.setUint32(0, LOCAL_SIGNATURE, true);
    writeCommon(view, 4, checksum, part.bytes.length, name.length);
    view.setUint16(28, 4 + gap, true);
    header.set(name, 30);
    view.setUint16(30 + name.length, 0x4246, true);
    view.setUint16(32 + name.length, gap, true);
    local.push(header, part.bytes);

    const record = new Uint8Array(46 + name.length);
    const recordView = new DataView(record.buffer);
    recordView.setUint32(0, CENTRAL_SIGNATURE, true);
    writeCommon(recordView, 6, checksum, part.bytes.length, name.length);
    recordView.setUint32(42, at, true);
    record.set(name, 46);
    central.push(record);
    at += header.length + part.bytes.length;
    if (at > MAX32)
      throw new StudioError('bad-input', 'The weights are larger than 4 GiB; write them as safetensors.');
  }
  const directorySize = central.reduce((sum, record) => sum + record.length, 0);
  const end = new Uint8Array(22);
  const endView = new DataView(end.buffer);
  endView.setUint32(0, END_SIGNATURE, true);
  endView.setUint16(8, parts.length, true);
  endView.setUint16(10, parts.length, true);
  endView.setUint32(12, directorySize, true);
  endView.setUint32(16, at, true);
  return concatenate([...local, ...central, end]);
}

/** The fields that local and central headers share, from “version needed”. */
function writeCommon(view: DataView, at: number, checksum: number, size: number, nameLength: number): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 8, 0x21, true); // 1 January 1980: equal input gives equal files
  view.setUint32(at + 10, checksum, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameLength, true);
}

/** Arrays one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
