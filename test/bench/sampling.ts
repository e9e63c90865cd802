/** `bench media-sampling`: every frame of a video at 128 × 128 from one pass, beside the `ffmpeg` command to rawvideo, in turns. */
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { sampleFramesSync } from '#service/media/decode/sample';
import { threadsFor } from '#service/media/file/source';
import { ffmpegSeconds, largeVideo, peakBytes } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-sampling',
  summary: 'sequential sampling to 128² (--height, --side, --seconds, --runs)',
  run: async ({ options, log }) => {
    const side = Number(options['side'] ?? 128);
    const height = Number(options['height'] ?? 720);
    const seconds = Number(options['seconds'] ?? 20);
    const runs = Number(options['runs'] ?? 3);
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds, fps: 30, gop: 250 }, log);
    const index = buildFrameIndex(path);
    const frames = index.pts.length;
    const threads = threadsFor((height * 16) / 9, height);
    const frameIndices = Int32Array.from({ length: frames }, (_, i) => i);
    const own: number[] = [];
    const theirs: number[] = [];
    let ffmpegPeak: number | null = null;
    for (let run = 0; run < runs; run += 1) {
      const startedAt = performance.now();
      sampleFramesSync(path, index, { frameIndices, side, fit: 'stretch' }, { threads });
      own.push((performance.now() - startedAt) / 1000);
      const other = await ffmpegSeconds([
        '-threads',
        String(threads),
        '-i',
        path,
        '-vf',
        `scale=${side}:${side}`,
        '-pix_fmt',
        'rgb24',
        '-f',
        'rawvideo',
        '/dev/null',
      ]);
      if (other !== null) {
        theirs.push(other.sec);
        ffmpegPeak = other.peakBytes;
      }
    }
    const best = frames / Math.min(...own);
    const ffmpeg = theirs.length > 0 ? frames / Math.min(...theirs) : null;
    return {
      frames,
      threads,
      framesPerSecond: best,
      ffmpegFramesPerSecond: ffmpeg,
      ratio: ffmpeg === null ? null : best / ffmpeg,
      peakBytes: peakBytes(),
      ffmpegPeakBytes: ffmpegPeak,
    };
  },
};
