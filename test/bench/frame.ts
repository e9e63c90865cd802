/** `bench media-frame`: random exact frames of a 1080p file with a key frame every 250, through the isolated decoder, beside the `ffmpeg` command. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '#core/util/random';
import { openExact } from '#service/media/exact';
import { buildFrameIndex } from '#service/media/frameIndex';
import { createMedia } from '#service/media/service';
import { ffmpegSeconds, largeVideo, peakBytes, spreadOf } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-frame',
  summary: 'random exact frame across a 250-frame GOP (--height, --gop, --count)',
  run: async ({ options, log }) => {
    const height = Number(options['height'] ?? 1080);
    const gop = Number(options['gop'] ?? 250);
    const count = Number(options['count'] ?? 60);
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds: 60, fps: 30, gop }, log);
    const index = buildFrameIndex(path);
    const random = createRandom(5);
    const wanted = Array.from({ length: count }, () => random.integer(index.pts.length));
    const reader = openExact(path, index, { maxBytes: 32 * 1024 * 1024 });
    const decodeMs = wanted.map((frame) => {
      const startedAt = performance.now();
      reader.withFrame(frame, () => null);
      return performance.now() - startedAt;
    });
    reader.close();
    const folder = await mkdtemp(join(tmpdir(), 'lofi-frame-'));
    const media = createMedia({ cacheFolder: folder });
    try {
      await media.frame(path, 0);
      const wholeMs: number[] = [];
      for (const frame of wanted) {
        const startedAt = performance.now();
        await media.frame(path, frame, { format: 'jpg' });
        wholeMs.push(performance.now() - startedAt);
      }
      const ffmpegMs: number[] = [];
      for (const frame of wanted.slice(0, 10)) {
        const other = await ffmpegSeconds([
          '-ss',
          String(frame / 30),
          '-i',
          path,
          '-frames:v',
          '1',
          join(folder, 'x.jpg'),
        ]);
        if (other !== null) ffmpegMs.push(other.sec * 1000);
      }
      return {
        gop,
        height,
        decodeMs: spreadOf(decodeMs),
        requestToJpegMs: spreadOf(wholeMs),
        ffmpegMs: ffmpegMs.length > 0 ? spreadOf(ffmpegMs) : null,
        peakBytes: peakBytes(),
      };
    } finally {
      media.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
