/** The same seed writes the same bytes: everything that the demo measures rests on it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
