import { describe, expect, it } from 'vitest';
import { readFrameTable } from './frameTable.ts';
import { peakLevelFor, peakRange, readPeaks } from './peaks.ts';

function file(magic: string, head: unknown, body: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const at = Math.ceil((12 + text.length) / 8) * 8;
  const bytes = new Uint8Array(at + body.length);
  bytes.set(new TextEncoder().encode(magic), 0);
  new DataView(bytes.buffer).setUint32(8, text.length, true);
  bytes.set(text, 12);
  bytes.set(body, at);
  return bytes.buffer;
}

const head = { timeBase: { num: 1, den: 90_000 }, endPts: 4000, note: '帧' };

describe('frame table', () => {
  it('reads distances and plain columns alike', () => {
    const distances = new Uint8Array(8 + 12);
    const view = new DataView(distances.buffer);
    view.setFloat64(0, -500, true);
    [0, 1001, 2000].forEach((distance, i) => view.setInt32(8 + i * 4, distance, true));
    const packed = readFrameTable(
      file('LOFIIDX2', { ...head, columns: [{ kind: 'delta', length: 3 }] }, distances),
    );
    expect([...packed.pts]).toEqual([-500, 501, 2501]);
    expect(packed).toMatchObject({ endPts: 4000, tickSec: 1 / 90_000, exact: true });
    const plain = new Uint8Array(Float64Array.of(5, 6.5e12).buffer);
    expect([
      ...readFrameTable(file('LOFIIDX2', { ...head, columns: [{ kind: 'plain', length: 2 }] }, plain)).pts,
    ]).toEqual([5, 6.5e12]);
  });

  it('refuses other bytes and empty tables', () => {
    expect(() => readFrameTable(new ArrayBuffer(4))).toThrow(/cannot be read/);
    expect(() => readFrameTable(file('LOFIIDX1', head, new Uint8Array()))).toThrow(/cannot be read/);
    expect(() => readFrameTable(file('LOFIIDX2', { ...head, columns: [] }, new Uint8Array()))).toThrow(
      /empty/,
    );
  });
});

describe('peaks', () => {
  it('gives least and greatest of a stretch, silence outside', () => {
    const pairs = new Uint8Array(Int8Array.of(-10, 20, -127, 5, -1, 127).buffer);
    const peaks = readPeaks(file('LOFIPKS1', { rates: [100], lengths: [3], startSec: 1 }, pairs));
    expect(peakRange(peaks, 1, 1.01)).toEqual([-10 / 127, 20 / 127]);
    expect(peakRange(peaks, 1, 1.03)).toEqual([-1, 1]);
    expect(peakRange(peaks, 0, 0.5)).toEqual([0, 0]);
  });

  it('takes a level with a pair for each pixel', () => {
    expect([500, 100, 30, 25, 1].map(peakLevelFor)).toEqual([0, 0, 0, 1, 3]);
  });
});
