/** `bench media-thumbnails`: the first sheet and every sheet of a one-hour video at a density, beside the `ffmpeg` command. */
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { sheetLayout } from '#service/media/derive/sheetLayout';
import { makeSheet } from '#service/media/derive/thumbnails';
import { ffmpegSeconds, largeVideo, peakBytes } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-thumbnails',
  summary: 'thumbnail sheets of one hour (--density SEC, --height, --seconds)',
  run: async ({ options, log }) => {
    const densitySec = Number(options['density'] ?? 10);
    const height = Number(options['height'] ?? 360);
    const seconds = Number(options['seconds'] ?? 3600);
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds, fps: 30, gop: 250 }, log);
    const index = buildFrameIndex(path);
    const layout = sheetLayout((height * 16) / 9, height, seconds, densitySec);
    const startedAt = performance.now();
    makeSheet(path, index, densitySec, 0);
    const firstMs = performance.now() - startedAt;
    for (let sheet = 1; sheet < layout.sheets; sheet += 1) makeSheet(path, index, densitySec, sheet);
    const allMs = performance.now() - startedAt;
    const ffmpeg = await ffmpegSeconds([
      '-skip_frame',
      'nokey',
      '-i',
      path,
      '-vf',
      `fps=1/${densitySec},scale=-2:60,tile=10x10`,
      '-f',
      'null',
      '-',
    ]);
    return {
      densitySec,
      thumbnails: layout.count,
      sheets: layout.sheets,
      firstSheetMs: firstMs,
      allMs,
      ffmpegKeyFramesMs: ffmpeg === null ? null : ffmpeg.sec * 1000,
      peakBytes: peakBytes(),
      ffmpegPeakBytes: ffmpeg?.peakBytes ?? null,
    };
  },
};
