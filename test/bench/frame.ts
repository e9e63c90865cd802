/**
 * `bench media-frame`: random exact frames of a 1080p file with a key frame every 250, from the request to the JPEG that is shown, through the
 * isolated decoder, beside the `ffmpeg` command. Cold: every request in another GOP. Hopping: all over one GOP that was not seen before,
 * without a pause. Warm: all over one GOP after a pause of a few seconds in it. Last the same cold jumps, answered from the video's proxy, while the
 * exact frame is decoded beside it as in the program.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '#core/util/random';
import { createMedia } from '#service/media/service';
import { ffmpegSeconds, largeVideo, spreadOf } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-frame',
  summary: 'random exact frame across a 250-frame GOP (--height, --gop, --count, --pause MS)',
  run: async ({ options, log }) => {
    const height = Number(options['height'] ?? 1080);
    const gop = Number(options['gop'] ?? 250);
    const count = Number(options['count'] ?? 60);
    const pauseMs = Number(options['pause'] ?? 4000);
    const seconds = Math.ceil((gop * 8) / 30);
    const path = await largeVideo({ width: (height * 16) / 9, height, seconds, fps: 30, gop }, log);
    const random = createRandom(5);
    const inGop = (number: number): number[] =>
      Array.from({ length: count }, () => number * gop + random.integer(gop));
    const folder = await mkdtemp(join(tmpdir(), 'lofi-frame-'));
    const media = createMedia({ cacheFolder: folder });
    const timed = async (frame: number, from: 'source' | 'proxy' = 'source'): Promise<number> => {
      const startedAt = performance.now();
      await media.frame(path, frame, { format: 'jpg', from });
      return performance.now() - startedAt;
    };
    const ask = async (frames: readonly number[]): Promise<number[]> => {
      const times: number[] = [];
      for (const frame of frames) times.push(await timed(frame));
      return times;
    };
    // GOPs 1 to 4 in turn, each four times larger than what is kept of decoded frames.
    const coldFrames = (): number[] =>
      Array.from({ length: count }, (_, i) => (1 + (i % 4)) * gop + random.integer(gop));
    try {
      const [firstMs] = await ask([0]);
      const cold = await ask(coldFrames());
      const hopping = await ask(inGop(5));
      await ask([6 * gop + random.integer(gop)]);
      await sleep(pauseMs);
      const warm = await ask(inGop(6));
      const ffmpeg: number[] = [];
      for (const frame of inGop(6).slice(0, 10)) {
        const still = ['-frames:v', '1', '-q:v', '2', join(folder, 'x.jpg')];
        const other = await ffmpegSeconds(['-ss', String(frame / 30), '-i', path, ...still]);
        if (other !== null) ffmpeg.push(other.sec * 1000);
      }
      log('Making the proxy');
      const makingAt = performance.now();
      const proxy = await media.proxy(path);
      const proxySec = (performance.now() - makingAt) / 1000;
      await timed(0, 'proxy');
      const standIn: number[] = [];
      const exactBeside: number[] = [];
      for (const frame of coldFrames()) {
        const exact = timed(frame);
        standIn.push(await timed(frame, 'proxy'));
        exactBeside.push(await exact);
      }
      return {
        gop,
        height,
        firstOfFileMs: firstMs,
        coldMs: spreadOf(cold),
        hoppingMs: spreadOf(hopping),
        pauseMs,
        warmMs: spreadOf(warm),
        ffmpegMs: ffmpeg.length > 0 ? spreadOf(ffmpeg) : null,
        proxyMs: spreadOf(standIn),
        coldBesideProxyMs: spreadOf(exactBeside),
        proxyMakingSec: proxySec,
        proxyBytes: (await stat(proxy)).size,
        sourceBytes: (await stat(path)).size,
        seconds,
        decoderPeakBytes: media.peakBytes(),
      };
    } finally {
      media.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
