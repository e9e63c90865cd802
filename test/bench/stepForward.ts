/** `bench media-step`: stepping a 1080p video forward and backward, one frame at a time, from request to a picture that can be shown. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMedia } from '#service/media/service';
import { largeVideo, spreadOf } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-step',
  summary: 'step forward and backward at 1080p (--height, --count, --format)',
  run: async ({ options, log }) => {
    const height = Number(options['height'] ?? 1080);
    const count = Number(options['count'] ?? 100);
    const format = (options['format'] ?? 'jpg') as 'jpg' | 'bmp' | 'png';
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds: 60, fps: 30, gop: 250 }, log);
    const folder = await mkdtemp(join(tmpdir(), 'lofi-step-'));
    const media = createMedia({ cacheFolder: folder });
    try {
      const start = 400;
      await media.frame(path, start, { format });
      const run = async (direction: 1 | -1, from: number): Promise<number[]> => {
        const times: number[] = [];
        for (let i = 1; i <= count; i += 1) {
          const startedAt = performance.now();
          await media.frame(path, from + direction * i, { format });
          times.push(performance.now() - startedAt);
        }
        return times;
      };
      const forward = await run(1, start);
      const backward = await run(-1, start + count);
      return {
        format,
        height,
        forwardMs: spreadOf(forward),
        backwardMs: spreadOf(backward),
        decoderPeakBytes: media.peakBytes(),
      };
    } finally {
      media.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
