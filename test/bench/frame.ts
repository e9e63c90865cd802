/**
 * `bench media-frame`: random exact frames of a 1080p file with a key frame every 250, from the request to the JPEG that is shown, through the
 * isolated decoder, beside the `ffmpeg` command for the same frames. Cold: every request in another GOP. Hopping: all over one GOP that was not seen
 * before, without a pause. Warm: all over one GOP after a pause of a few seconds in it. Then what a cold frame's time is made of. Last the same cold
 * jumps with the video's proxy standing in, asked at once or after a delay, while the exact frame is decoded beside it as in the program.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '#core/util/random';
import { openExact } from '#service/media/decode/exact';
import { createJpegWriter } from '#service/media/derive/jpeg';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { createMedia } from '#service/media/service';
import { ffmpegSeconds, largeVideo, spreadOf } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

/** Milliseconds after which the copy is asked, too, where the exact frame is not here. */
const DELAYS = [0, 10, 20, 30, 60];

/** What a cold frame's time is made of, in this process: decoding, and making the picture in full size and as wide as the page shows it. */
function partsOf(path: string, frames: readonly number[]): Record<string, unknown> {
  const reader = openExact(path, buildFrameIndex(path), { maxBytes: 0 });
  const writer = createJpegWriter();
  const [decode, full, shown]: [number[], number[], number[]] = [[], [], []];
  try {
    for (const frame of frames) {
      const startedAt = performance.now();
      reader.withFrame(frame, (decoded) => {
        const decodedAt = performance.now();
        writer.encode(decoded, decoded.width, decoded.height, 2);
        const fullAt = performance.now();
        writer.encode(decoded, 960, 540, 2);
        decode.push(decodedAt - startedAt);
        full.push(fullAt - decodedAt);
        shown.push(performance.now() - fullAt);
      });
    }
  } finally {
    reader.close();
    writer.close();
  }
  return { decode: spreadOf(decode), jpegFullSize: spreadOf(full), jpegOf960: spreadOf(shown) };
}

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
      const coldList = coldFrames();
      const cold = await ask(coldList);
      const hopping = await ask(inGop(5));
      await ask([6 * gop + random.integer(gop)]);
      await sleep(pauseMs);
      const warm = await ask(inGop(6));
      const withFfmpeg = async (frames: readonly number[]): Promise<number[]> => {
        const times: number[] = [];
        for (const frame of frames) {
          const still = ['-frames:v', '1', '-q:v', '2', join(folder, 'x.jpg')];
          const other = await ffmpegSeconds(['-ss', String(frame / 30), '-i', path, ...still]);
          if (other !== null) times.push(other.sec * 1000);
        }
        return times;
      };
      const ffmpeg = await withFfmpeg(coldList.slice(0, 20));
      const ffmpegKeyFrames = await withFfmpeg([gop, 2 * gop, 3 * gop, 4 * gop]);
      const parts = partsOf(path, coldList.slice(0, 20));
      log('Making the proxy');
      const makingAt = performance.now();
      const proxy = await media.proxy(path);
      const proxySec = (performance.now() - makingAt) / 1000;
      await timed(0, 'proxy');
      const standIn: Record<string, unknown> = {};
      for (const delayMs of DELAYS) {
        const first: number[] = [];
        const exactBeside: number[] = [];
        let needless = 0;
        for (const frame of coldFrames().slice(0, 30)) {
          let isHere = false;
          const exact = timed(frame).finally(() => (isHere = true));
          if (delayMs > 0) await sleep(delayMs);
          const copy = isHere ? Infinity : delayMs + (await timed(frame, 'proxy'));
          exactBeside.push(await exact);
          first.push(Math.min(copy, exactBeside.at(-1)!));
        }
        // Frames that are ready: whoever asks the copy as well asked for nothing.
        const ready: number[] = [];
        await ask([7 * gop + 3]);
        await sleep(pauseMs);
        for (const frame of inGop(7).slice(0, 30)) {
          let isHere = false;
          const exact = timed(frame).finally(() => (isHere = true));
          if (delayMs > 0) await Promise.race([exact, sleep(delayMs)]);
          if (!isHere) {
            needless += 1;
            await timed(frame, 'proxy');
          }
          ready.push(await exact);
        }
        standIn[`after${delayMs}Ms`] = {
          firstPictureMs: spreadOf(first),
          exactMs: spreadOf(exactBeside),
          readyFramesMs: spreadOf(ready),
          copiesAskedForReadyFrames: needless / ready.length,
        };
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
        ffmpegOfKeyFramesMs: ffmpegKeyFrames.length > 0 ? spreadOf(ffmpegKeyFrames) : null,
        partsOfColdMs: parts,
        standIn,
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
