/** Files that PyTorch, safetensors and NumPy wrote (`reference.py`), read here. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CheckpointFile } from '#core/model/weights/checkpointFile';
import { readCheckpointFile, toSafetensors, toTorchFile } from '#core/model/weights/checkpointFile';
import { readNpy } from '#core/model/weights/npy';
import { toHostTensor } from '#core/model/weights/storedTensor';
import { readTorchFile } from '#core/model/weights/torchFile';

const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, import.meta.url)));
const values = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8')) as Record<
  string,
  { dtype: string; shape: number[]; values: number[] }
>;

function expectValues(checkpoint: CheckpointFile): void {
  expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(values).sort());
  for (const [name, reference] of Object.entries(values)) {
    const tensor = checkpoint.tensors.get(name)!;
    expect(tensor.shape, name).toEqual(reference.shape);
    expect([...toHostTensor(tensor).data], name).toEqual(reference.values.map(Math.fround));
  }
}

describe.each([
  ['plain.pth', 'zip', ''],
  ['deflated.pth', 'zip', ''],
  ['wrapped.pth.tar', 'zip', 'state_dict'],
  ['legacy.pth.tar', 'legacy', 'state_dict'],
  ['plain.safetensors', 'safetensors', ''],
] as const)('%s', (name, form, wrapper) => {
  const checkpoint = readCheckpointFile(bytesOf(name), name);

  it('is read to the last bit: every number type, views, transposed and empty tensors', () => {
    expect(checkpoint).toMatchObject({ form, wrapper });
    expectValues(checkpoint);
  });

  it('comes back through safetensors and through .pth with nothing changed', () => {
    const again = readCheckpointFile(toSafetensors(checkpoint), 'again.safetensors');
    expectValues(again);
    const back = readCheckpointFile(toTorchFile(again), 'back.pth');
    expectValues(back);
    expect(back.wrapper).toBe(wrapper);
    for (const [key, tensor] of checkpoint.tensors)
      expect(back.tensors.get(key)).toEqual({ ...tensor, bytes: tensor.bytes.slice() });
  });

  it('is refused when any part of it is cut off', () => {
    const whole = bytesOf(name);
    for (const length of [0, 1, 7, 100, Math.floor(whole.length / 2), whole.length - 40, whole.length - 1]) {
      expect(() => readCheckpointFile(whole.subarray(0, length), name), `${length} bytes`).toThrow(
        new RegExp(name),
      );
    }
  });
});

describe('what stands beside the weights', () => {
  it.each(['wrapped.pth.tar', 'legacy.pth.tar'])('is told: %s', (name) => {
    const { facts, otherTensors } = readCheckpointFile(bytesOf(name), name);
    expect(facts).toEqual({ epoch: 7, arch: 'resnet50', best_prec1: Math.fround(74.1), lr: 0.02 });
    expect(otherTensors).toBe(1);
  });
});

describe('files that would run code', () => {
  it.each(['runs-code.pth', 'runs-code-legacy.pth', 'runs-code.pkl'])(
    '%s is refused by the name of what it asks for, and nothing runs',
    (name) => {
      expect(() => readCheckpointFile(bytesOf(name), name)).toThrow(/would run code.*“posix\.system”/);
      expect(existsSync('/tmp/lofi-was-run')).toBe(false);
    },
  );
});

describe('damage inside', () => {
  it('is found by the checksum of a storage', () => {
    const bytes = bytesOf('plain.pth');
    const pattern = new Uint8Array(new Float32Array([0.25]).buffer);
    const at = bytes.findIndex((_, index) => pattern.every((byte, k) => bytes[index + k] === byte));
    expect(at).toBeGreaterThan(0);
    bytes[at] = 1;
    expect(() => readTorchFile(bytes, 'plain.pth')).toThrow(/checksum/);
  });

  it('never does anything but throw a clear error, whichever byte changes', () => {
    for (const name of ['plain.pth', 'legacy.pth.tar', 'plain.safetensors', 'deflated.pth']) {
      const original = bytesOf(name);
      for (let at = 0; at < original.length; at += 3) {
        const bytes = original.slice();
        bytes[at]! ^= 0x55;
        try {
          readCheckpointFile(bytes, name);
        } catch (error) {
          expect((error as Error).name, `${name}, byte ${at}: ${String(error)}`).toBe('StudioError');
        }
      }
    }
  });
});

describe('NumPy arrays', () => {
  it('are read in either order of axes and bytes', () => {
    expect(readNpy(bytesOf('float32.npy'), 'x')).toMatchObject({
      shape: [2, 3],
      type: 'f4',
      data: Float32Array.from([0, 0.25, 0.5, 0.75, 1, 1.25]),
    });
    expect([...readNpy(bytesOf('fortran.npy'), 'x').data]).toEqual(
      Array.from({ length: 24 }, (_, index) => index),
    );
    expect([...readNpy(bytesOf('bigendian.npy'), 'x').data]).toEqual([1.5, -2.5]);
    expect(readNpy(bytesOf('scalar.npy'), 'x')).toMatchObject({ shape: [], data: Float32Array.from([0.5]) });
  });
});
