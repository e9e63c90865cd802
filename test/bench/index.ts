/** `bench media-index`: the frame index of a one-hour file, made and opened from its cache, beside a demuxing pass of the `ffmpeg` command. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { openFrameIndex } from '#service/media/index/indexCache';
import { packIndex } from '#service/media/index/indexFile';
import { contentHash } from '#service/media/file/contentHash';
import { ffmpegSeconds, largeVideo, peakBytes } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-index',
  summary: 'frame index of a one-hour file (--seconds, --fps, --height)',
  run: async ({ options, log }) => {
    const seconds = Number(options['seconds'] ?? 3600);
    const fps = Number(options['fps'] ?? 30);
    const height = Number(options['height'] ?? 360);
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds, fps, gop: 250 }, log);
    const timed = async <T>(work: () => T | Promise<T>): Promise<[T, number]> => {
      const startedAt = performance.now();
      const result = await work();
      return [result, performance.now() - startedAt];
    };
    await ffmpegSeconds(['-i', path, '-map', '0:v', '-c', 'copy', '-f', 'null', '-']);
    const ffmpeg = await ffmpegSeconds(['-i', path, '-map', '0:v', '-c', 'copy', '-f', 'null', '-']);
    const [hash, hashMs] = await timed(() => contentHash(path));
    const [index, buildMs] = await timed(() => buildFrameIndex(path));
    const folder = await mkdtemp(join(tmpdir(), 'lofi-index-'));
    try {
      await openFrameIndex(path, folder, { known: hash });
      const [, cachedMs] = await timed(() => openFrameIndex(path, folder, { known: hash }));
      return {
        frames: index.pts.length,
        contentHashMs: hashMs,
        buildMs,
        cachedOpenMs: cachedMs,
        tableBytes: packIndex(index).length,
        ffmpegDemuxMs: ffmpeg === null ? null : ffmpeg.sec * 1000,
        peakBytes: peakBytes(),
        ffmpegPeakBytes: ffmpeg?.peakBytes ?? null,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
