/** The same seed writes the same bytes: everything that the demo measures rests on it. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFootage } from './footageFiles.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lofi-footage-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('writes the same files for the same seed, and keeps what is there', async () => {
  const counts = { training: 6, validation: 0, testing: 1 };
  const watch = { signal: new AbortController().signal, progress: () => undefined };
  const first = await writeFootage(path.join(root, 'a'), 5, counts, watch);
  const second = await writeFootage(path.join(root, 'b'), 5, counts, watch);
  expect(first.map((file) => file.segments)).toEqual(second.map((file) => file.segments));
  for (const [index, file] of first.entries()) {
    expect((await readFile(file.path)).equals(await readFile(second[index]!.path))).toBe(true);
  }
  const again = await writeFootage(path.join(root, 'a'), 5, counts, watch);
  expect(again).toEqual(first);
});

it('goes on where it was interrupted, and clears away another seed', async () => {
  const counts = { training: 3, validation: 0, testing: 0 };
  const folder = path.join(root, 'c');
  const stopped = new AbortController();
  const watch = {
    signal: stopped.signal,
    progress: (done: number) => {
      if (done === 2) stopped.abort();
    },
  };
  await expect(writeFootage(folder, 5, counts, watch)).rejects.toThrow();
  expect((await readdir(folder)).filter((name) => name.endsWith('.mp4'))).toHaveLength(2);
  const before = await stat(path.join(folder, 'training-000.mp4'));
  const calm = { signal: new AbortController().signal, progress: () => undefined };
  await writeFootage(folder, 5, counts, calm);
  expect((await stat(path.join(folder, 'training-000.mp4'))).mtimeMs).toBe(before.mtimeMs);
  await writeFootage(folder, 6, { ...counts, training: 1 }, calm);
  expect((await readdir(folder)).filter((name) => name.endsWith('.mp4'))).toEqual(['training-000.mp4']);
  expect((await stat(path.join(folder, 'training-000.mp4'))).mtimeMs).toBeGreaterThan(before.mtimeMs);
});
