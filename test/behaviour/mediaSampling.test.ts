/**
 * Frames for training: sampling in a thread beside compute, and the folder of sampled frames.
 */
import { mkdtemp, readdir, rename, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { createSampler } from '#service/media/sampling/sampler';
import { sampleFramesSync } from '#service/media/decode/sample';
import { openFeatures } from '#worker/featureFiles';
import { openFrameCache } from '#worker/frameCache';
import { createRandom } from '#core/util/random';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { encoded, X264 } from '../fixtures/videos/encoded.ts';
import { readNumber } from '../fixtures/videos/pattern.ts';

let folder = '';
let path = '';
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-sampling-'));
  await makeAwkward(
    folder,
    AWKWARD.filter(({ file }) => file === 'bframes.mp4'),
  );
  path = at('bframes.mp4');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 100 s each: frames far apart are reached by seeking. */
const SPARSE = ['mp4', 'mkv', 'ts', 'avi'].map((ending) =>
  encoded({
    name: `sparse, ${ending}`,
    file: `sparse.${ending}`,
    fps: { num: 4, den: 1 },
    frames: 400,
    gop: 60,
    maxBFrames: ending === 'avi' ? 0 : 3,
    encoderOptions: X264,
  }),
);

describe('frames far apart', () => {
  it.each(SPARSE.map((video) => [video.file, video] as const))(
    'are the right ones: %s',
    async (file, video) => {
      await video.make(at(file));
      const index = buildFrameIndex(at(file));
      const random = createRandom(9);
      for (let round = 0; round < 4; round += 1) {
        const frames = Int32Array.from({ length: 9 }, () => random.integer(400));
        const pixels = sampleFramesSync(at(file), index, { frameIndices: frames, side: 48, fit: 'stretch' });
        const bytes = 48 * 48 * 3;
        const seen = Array.from(frames, (_, i) =>
          readNumber(pixels.subarray(i * bytes, (i + 1) * bytes), 48, 48),
        );
        expect(seen).toEqual(Array.from(frames, (frame) => frame % 256));
      }
    },
  );
});

describe('sampling beside compute', () => {
  it('gives the same pixels as sampling here, in order, and errors in their turn', async () => {
    const index = buildFrameIndex(path);
    const request = (start: number) => ({
      path,
      index,
      frameIndices: Int32Array.of(start, start + 9, start),
      side: 32,
      fit: 'square-crop' as const,
    });
    const sampler = createSampler({ ahead: 2 });
    try {
      let at0 = 0;
      for await (const { pixels, missing } of sampler.stream([0, 10, 20, 30, 40].map(request))) {
        expect(Buffer.from(pixels).equals(sampleFramesSync(path, index, request(at0 * 10)))).toBe(true);
        expect(missing).toEqual([]);
        at0 += 1;
      }
      expect(at0).toBe(5);
      await expect(sampler.sample({ ...request(0), frameIndices: Int32Array.of(60) })).rejects.toMatchObject({
        code: 'wrong-usage',
      });
      await expect(sampler.sample({ ...request(0), path: at('nowhere.mp4') })).rejects.toMatchObject({
        code: 'bad-input',
      });
      const control = new AbortController();
      const waiting = sampler.sample(request(5), control.signal);
      control.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      expect((await sampler.sample(request(7))).pixels.length).toBe(3 * 32 * 32 * 3);
    } finally {
      await sampler.close();
    }
  });

  it('keeps sampled frames on the disk up to a limit, least recently used first out', async () => {
    const index = buildFrameIndex(path);
    const frames = Int32Array.of(3, 10, 20);
    const video = (id: string) => ({ id, path, contentHash: id, index, frames });
    const bytes = 3 * 20 * 20 * 3;
    const { signal } = new AbortController();
    const kept = async (): Promise<string[]> =>
      (await readdir(at('samples/frames'))).map((name) => name.split('-')[0]!).sort();
    /** Each job decodes or finds one video, with room for two on the disk. */
    const job = async (id: string): Promise<Uint8Array> => {
      const cache = openFrameCache(at('samples'), 20, 2 * bytes);
      try {
        void cache.prepare(video(id), signal);
        return await cache.read(id, Int32Array.of(10));
      } finally {
        await cache.close();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const expected = sampleFramesSync(path, index, {
      frameIndices: Int32Array.of(10),
      side: 20,
      fit: 'square-crop',
    });
    for (const id of ['a', 'b', 'a', 'c']) expect(await job(id)).toEqual(expected);
    expect(await kept()).toEqual(['a', 'c']);
    // What a job has open stays, whatever the limit.
    const greedy = openFrameCache(at('samples'), 20, bytes);
    for (const id of ['d', 'e', 'f']) void greedy.prepare(video(id), signal);
    for (const id of ['f', 'd', 'e']) expect(await greedy.read(id, Int32Array.of(10))).toEqual(expected);
    expect(await kept()).toEqual(['d', 'e', 'f']);
    // What cannot be decoded is told to whoever reads it, and harms no other.
    greedy.prepare({ ...video('g'), path: at('nowhere.mp4') }, signal).catch(() => undefined);
    void greedy.prepare(video('h'), signal);
    await expect(greedy.read('g', Int32Array.of(10))).rejects.toMatchObject({ code: 'bad-input' });
    expect(await greedy.read('h', Int32Array.of(3, 20))).toHaveLength(2 * 20 * 20 * 3);
    await greedy.close();
  });

  it('does not take what a kill left behind for sampled frames or features', async () => {
    const index = buildFrameIndex(path);
    const frames = Int32Array.of(3, 10, 20);
    const read = async (): Promise<Uint8Array> => {
      const cache = openFrameCache(at('killed'), 20);
      try {
        void cache.prepare({ id: 'a', path, contentHash: 'a', index, frames }, new AbortController().signal);
        return await cache.read('a', frames);
      } finally {
        await cache.close();
      }
    };
    const whole = await read();
    const [name] = await readdir(at('killed/frames'));
    const file = join(at('killed/frames'), name!);
    await truncate(file, whole.length / 2);
    expect(await read()).toEqual(whole);
    await rename(file, `${file}.1.part`);
    expect(await read()).toEqual(whole);

    const features = openFeatures(at('killed'));
    await features.save('video', Float32Array.of(1, 2, 3, 4));
    const [kept] = await readdir(at('killed/features'));
    await rename(join(at('killed/features'), kept!), join(at('killed/features'), `${kept!}.1.part`));
    expect(await features.load('video')).toBeNull();
    await features.save('video', Float32Array.of(1, 2, 3, 4));
    // A number cut in half is no number; whole numbers too few are told apart by who asks for a plan's number of them.
    await truncate(join(at('killed/features'), kept!), 10);
    expect(await features.load('video')).toBeNull();
  });
});
