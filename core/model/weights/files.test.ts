import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from './npy.ts';
import { readPickle } from './pickle.ts';
import type { PickleHooks } from './pickle.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { fromTensorMap, halfToNumber, toTensorMap } from './storedTensor.ts';
import { readTorchFile } from './torchFile.ts';
import { writeTorchFile } from './torchWriter.ts';
import { crc32 } from './zip.ts';

const tensorMap = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name !== '__metadata__'),
  fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) =>
    fc
      .array(fc.float({ noDefaultInfinity: true }), {
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1),
      })
      .map((data) => ({ shape, data: Float32Array.from(data) })),
  ),
  { maxKeys: 5, noNullPrototype: true },
);

describe('weights', () => {
  it('come back from safetensors', () => {
    fc.assert(
      fc.property(tensorMap, (map) => {
        const { tensors, metadata } = readSafetensors(
          writeSafetensors(fromTensorMap(map), { note: 'é' }),
          'x',
        );
        expect(toTensorMap(tensors)).toEqual(map);
        expect(metadata).toEqual({ note: 'é' });
      }),
    );
  });

  it('come back from .pth', () => {
    fc.assert(
      fc.property(tensorMap, (map) => {
        const { root } = readTorchFile(writeTorchFile(fromTensorMap(map)), 'x');
        expect(root instanceof Map ? toTensorMap(root as never) : root).toEqual(map);
      }),
    );
  });

  it('are refused when safetensors offsets lie outside, overlap or do not match the shape', () => {
    const file = (header: object, length = 8): Uint8Array => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + json.length + length);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      return bytes;
    };
    const entry = (begin: number, end: number, shape = [1], dtype = 'F32') => ({
      dtype,
      shape,
      data_offsets: [begin, end],
    });
    expect(readSafetensors(file({ a: entry(0, 4), b: entry(4, 8) }), 'x').tensors.size).toBe(2);
    expect(() => readSafetensors(file({ a: entry(8, 12) }), 'x')).toThrow(/beyond its end/);
    expect(() => readSafetensors(file({ a: entry(0, 4), b: entry(2, 6) }), 'x')).toThrow(/overlaps/);
    expect(() => readSafetensors(file({ a: entry(0, 4, [2]) }), 'x')).toThrow(/needs 8 bytes/);
    expect(() => readSafetensors(file({ a: entry(0, 4, [-1]) }), 'x')).toThrow(/malformed/);
    expect(() => readSafetensors(file({ a: entry(0, 4, [1], 'F8_E4M3') }), 'x')).toThrow(/F8_E4M3/);
    expect(() =>
      readSafetensors(Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 127, 123]), 'x'),
    ).toThrow(/longer than the file/);
  });

  it('have halves with subnormals, infinities and NaN', () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7c00, 0xfc00].map(halfToNumber)).toEqual([
      1,
      -2,
      2 ** -24,
      Infinity,
      -Infinity,
    ]);
    expect(halfToNumber(0x7e00)).toBeNaN();
  });

  it('have the checksum that ZIP uses', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});

describe('pickles', () => {
  const hooks: PickleHooks = {
    file: 'x.pkl',
    knows: () => false,
    call: () => undefined,
    persistent: () => null,
  };
  const read = (source: string) =>
    readPickle(
      Uint8Array.from(source, (character) => character.charCodeAt(0)),
      0,
      hooks,
    ).value;

  it('of protocol 0 are read', () => {
    expect(read("(lp0\nI1\naF2.5\naS'a\\n'\naI01\naNa.")).toEqual([1, 2.5, 'a\n', true, null]);
  });

  it.each([
    'cos\nsystem\n(S"true"\ntR.',
    'c__builtin__\neval\n.',
    '(S"x"\nios\nsystem\n.',
    '\x80\x04\x8c\x02os\x8c\x06system\x93.',
  ])('that name a function are refused: %j', (source) => {
    expect(() => read(source)).toThrow(/would run code.*“(os\.system|builtins\.eval)”/);
  });

  it('that are malformed end with a clear error', () => {
    for (const source of [
      '',
      '.',
      '(',
      'h\x05.',
      's.',
      '\x82\x01.',
      'I1',
      ']K',
      'R.',
      '\x8b\xff\xff\xff\xff.',
    ]) {
      expect(() => read(source), JSON.stringify(source)).toThrow(/x\.pkl cannot be read/);
    }
  });
});

describe('NumPy arrays', () => {
  it('come back', () => {
    for (const data of [
      Float32Array.from([1, 2, 3, 4, 5, 6]),
      Uint8Array.from([1, 2, 3, 4, 5, 255]),
      Float64Array.from([0.1, 2, 3, 4, 5, 6]),
    ]) {
      for (const shape of [[6], [2, 3], [1, 2, 3]]) {
        const file = writeNpy(shape, data);
        expect((file.length - data.byteLength) % 64).toBe(0);
        expect(readNpy(file, 'x')).toMatchObject({ shape, data });
      }
    }
    expect(readNpy(writeNpy([], Float32Array.of(2)), 'x').shape).toEqual([]);
  });

  it('are refused when they are something else', () => {
    const file = writeNpy([2], Float32Array.of(1, 2));
    expect(() => readNpy(file.subarray(0, file.length - 1), 'x.npy')).toThrow(
      /x\.npy.*needs 8 bytes and it has 7/,
    );
    expect(() => readNpy(new Uint8Array(20), 'x.npy')).toThrow(/does not begin/);
    const objects = file.slice();
    objects.set(new TextEncoder().encode("'|O' "), new TextDecoder('ascii').decode(file).indexOf("'<f4'"));
    expect(() => readNpy(objects, 'x.npy')).toThrow(/“O” is not supported/);
  });
});
