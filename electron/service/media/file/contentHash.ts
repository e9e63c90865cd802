/**
 * A fast fingerprint of a file: its size, its head and tail, and samples between. Names caches, and finds moved files again.
 *
 * Reads at most about 5 MiB, whatever the size of the file. Files up to that size are hashed whole.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK = 64 * 1024;
const SAMPLES = 62;
const EDGE = 512 * 1024;

/** Whether the fast fingerprint of a file of so many bytes covers every one of them. */
export function isHashedWhole(size: number): boolean {
  return size <= 2 * EDGE + SAMPLES * BLOCK;
}

/** SHA-256 (hex, first 40 digits) over size, head, tail and evenly spaced samples. */
export async function contentHash(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = createHash('sha256').update(`lofi-1:${size}:`);
    const add = async (from: number, length: number): Promise<void> => {
      const buffer = Buffer.alloc(Math.min(length, size - from));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
      hash.update(buffer.subarray(0, bytesRead));
    };
    if (isHashedWhole(size)) {
      for (let from = 0; from < size; from += EDGE) await add(from, EDGE);
    } else {
      await add(0, EDGE);
      const span = size - 2 * EDGE - BLOCK;
      for (let i = 0; i < SAMPLES; i += 1) await add(EDGE + Math.floor((span * i) / (SAMPLES - 1)), BLOCK);
      await add(size - EDGE, EDGE);
    }
    return hash.digest('hex').slice(0, 40);
  } finally {
    await file.close();
  }
}

/** SHA-256 of every byte (hex): certain, slow; made in the background. */
export async function fullHash(path: string, onWork?: () => void): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      onWork?.();
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
