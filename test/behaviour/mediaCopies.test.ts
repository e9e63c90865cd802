/**
 * Copies with short GOPs of every awkward video: as many frames, each at the original's time and with the original's picture.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProxy } from '#service/media/derive/proxy';
import { sampleFramesSync } from '#service/media/decode/sample';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { readNumber } from '../fixtures/videos/pattern.ts';

const SIDE = 48;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-copies-'));
  await makeAwkward(join(folder, 'originals'));
  expect(AWKWARD.length).toBeGreaterThanOrEqual(25);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(AWKWARD.map((video) => [video.name, video] as const))('the copy of %s', (_name, video) => {
  it('has every frame of the original at its time', async () => {
    const path = join(folder, 'originals', video.file);
    const original = buildFrameIndex(path);
    const out = join(folder, `${video.file}.copy.mp4`);
    await makeProxy(path, original, out);
    const copy = buildFrameIndex(out);
    // Exact, in whole ticks of the original; where frames share a time, the copy tells them apart by less than a tick.
    const { timeBase: from } = original;
    const { timeBase: to } = copy;
    const ticks = [...copy.pts].map(
      (time) => (BigInt(time - copy.pts[0]!) * BigInt(to.num * from.den)) / BigInt(to.den * from.num),
    );
    const distances = [...original.pts].map((time) => BigInt(time - original.pts[0]!));
    expect(ticks).toEqual(distances);
    const isWhole = [...copy.pts].every(
      (time) => ((time - copy.pts[0]!) * to.num * from.den) % (to.den * from.num) === 0,
    );
    expect(isWhole).toBe(new Set(original.pts).size === original.pts.length);
    expect(new Set(copy.pts).size).toBe(copy.pts.length);
    const frameIndices = Int32Array.from(copy.pts.keys());
    const sampled = sampleFramesSync(out, copy, { frameIndices, side: SIDE, fit: 'stretch' });
    const bytes = SIDE * SIDE * 3;
    const numbers = Array.from(frameIndices, (at) =>
      readNumber(sampled.subarray(at * bytes, (at + 1) * bytes), SIDE, SIDE),
    );
    expect(numbers).toEqual(video.numbers);
    // Any frame can be jumped to cheaply: a key frame every 12, of which the index leaves out those nearer than 10.
    const keys = Array.from(copy.keys.pts, (time) => copy.pts.indexOf(time));
    expect(Math.max(...keys.map((key, i) => (keys[i + 1] ?? copy.pts.length) - key))).toBeLessThan(12 + 10);
    expect((await readdir(folder)).filter((name) => /making|sound|part/.test(name))).toEqual([]);
  });
});
