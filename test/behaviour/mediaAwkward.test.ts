/**
 * Every awkward video, every frame: the number on the picture, the time, the count, the size; forward, backward and at random.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
import { openExact } from '#service/media/decode/exact';
import { buildFrameIndex, indexAtPts } from '#service/media/index/frameIndex';
import { packIndex, unpackIndex } from '#service/media/index/indexFile';
import { probeVideo } from '#service/media/file/probe';
import { sampleFramesSync } from '#service/media/decode/sample';
import { AWKWARD } from '../fixtures/videos/awkward.ts';
import { readNumber } from '../fixtures/videos/pattern.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-awkward-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(AWKWARD)('$name ($file)', (video) => {
  const path = (): string => join(folder, video.file);

  it('is indexed as it is shown', async () => {
    await video.make(path());
    const info = await probeVideo(path());
    expect(info).toMatchObject({
      frameCount: video.numbers.length,
      width: video.width,
      height: video.height,
      isVfr: video.isVfr,
      rotation: video.rotation ?? 0,
      pixelAspect: video.pixelAspect ?? '1/1',
    });
    const [num, den] = info.timeBase.split('/').map(Number) as [number, number];
    if (video.seconds !== null) {
      const off = info.pts.map((pts, i) => Math.abs(((pts - info.pts[0]!) * num) / den - video.seconds![i]!));
      expect(Math.max(...off)).toBeLessThanOrEqual(num / den + 1e-9);
    }
    if (video.plays !== undefined) expect(info.playable).toBe(video.plays);
    if (video.startSec !== undefined) expect((info.pts[0]! * num) / den).toBeCloseTo(video.startSec, 3);
    const kinds = info.badges.map((badge) => badge.kind);
    if (video.badge !== undefined) expect(kinds).toContain(video.badge);
    expect(kinds).not.toContain('damaged');
  });

  it('gives every frame: in one pass, forward, backward and at random', () => {
    const index = buildFrameIndex(path());
    const count = index.pts.length;
    const random = createRandom(7);
    const shuffled = random.shuffle(Array.from({ length: count }, (_, i) => i));
    const sampled = sampleFramesSync(path(), index, {
      frameIndices: Int32Array.from(shuffled),
      side: 48,
      fit: 'stretch',
    });
    const bytes = 48 * 48 * 3;
    expect(shuffled.map((_, i) => readNumber(sampled.subarray(i * bytes, (i + 1) * bytes), 48, 48))).toEqual(
      shuffled.map((frame) => video.numbers[frame]),
    );
    const forward = Array.from({ length: count }, (_, i) => i);
    // Two frames fit into the memory, so that nearly every fetch must find its own way.
    const reader = openExact(path(), index, { maxBytes: video.width * video.height * 4 });
    try {
      for (const order of [forward, [...forward].reverse(), shuffled]) {
        const seen = order.map((frame) =>
          reader.withFrame(frame, (decoded, maker) => {
            const picture = maker.full(decoded);
            expect([picture.width, picture.height]).toEqual([video.width, video.height]);
            return readNumber(picture.rgb, picture.width, picture.height);
          }),
        );
        expect(seen).toEqual(order.map((frame) => video.numbers[frame]));
      }
    } finally {
      reader.close();
    }
    // A few frames in one pass, as training takes them, are byte for byte the exact frames scaled alike.
    const few = shuffled.slice(0, 5);
    const trained = sampleFramesSync(path(), index, {
      frameIndices: Int32Array.from(few),
      side: 32,
      fit: 'square-crop',
    });
    const again = openExact(path(), index);
    try {
      const exact = new Uint8Array(trained.length);
      few.forEach((frame, i) =>
        again.withFrame(frame, (decoded, maker) => {
          maker.square(decoded, 32, 'square-crop', exact, i * 32 * 32 * 3);
        }),
      );
      expect(Buffer.compare(trained, exact)).toBe(0);
    } finally {
      again.close();
    }
    for (const frame of new Set([0, count >> 1, count - 1])) {
      const time = index.pts[frame]!;
      expect(index.pts[indexAtPts(index, time)]).toBe(time);
    }
    expect(unpackIndex(packIndex(index))).toEqual(index);
  });
});
