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
import { Frame, Packet } from 'node-av/lib';
import { createRandom } from '#core/util/random';
import { openExact } from '#service/media/decode/exact';
import { seekTo } from '#service/media/decode/seek';
import { createJpegWriter } from '#service/media/derive/jpeg';
import { openDecoder, openSource } from '#service/media/file/source';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { isDisposable, nalLengthBytes } from '#service/media/index/nalUnits';
import { createMedia } from '#service/media/service';
import { ffmpegSeconds, largeVideo, spreadOf } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

/** Milliseconds after which the copy is asked, too, where the exact frame is not here. */
const DELAYS = [0, 10, 20, 30, 60];

/**
 * A frame's decoding and nothing else: the packets from its key frame on, read beforehand, into a decoder that is open, without those that no other
 * frame is built on. What the service adds to this is not decoding.
 */
function bareDecode(path: string, gop: number, frames: readonly number[], threads: number): number[] {
  const source = openSource(path);
  const decoder = openDecoder(source, threads);
  const lengthBytes = nalLengthBytes(source)!;
  const frame = new Frame();
  frame.alloc();
  const packets: Packet[] = [];
  try {
    // All GOPs of this footage have as many frames; their packets stand in the order of decoding.
    for (;;) {
      const packet = new Packet();
      packet.alloc();
      if (source.format.readFrameSync(packet) < 0) break;
      if (packet.streamIndex === source.streamIndex) packets.push(packet);
    }
    const idOf = packets.map((packet) => Number(packet.pts)).sort((one, other) => one - other);
    return frames.map((wanted) => {
      const first = Math.floor(wanted / gop) * gop;
      const needed = packets
        .slice(first, first + gop)
        .filter((packet) => Number(packet.pts) >= idOf[wanted]! || !isDisposable(packet.data!, lengthBytes));
      const startedAt = performance.now();
      let found = false;
      const receive = (): void => {
        while (!found && decoder.receiveFrameSync(frame) >= 0) found = Number(frame.pts) === idOf[wanted];
      };
      for (const packet of needed) {
        decoder.sendPacketSync(packet);
        receive();
        if (found) break;
      }
      if (!found) decoder.sendPacketSync(null);
      receive();
      const ms = performance.now() - startedAt;
      if (!found) throw new Error(`Frame ${wanted} did not come.`);
      decoder.flushBuffers();
      return ms;
    });
  } finally {
    for (const packet of packets) packet.free();
    frame.free();
    decoder.freeContext();
    source.close();
  }
}

/** What a cold frame's time is made of, in this process: opening (once a file), seeking, decoding, and making the picture in two sizes. */
function partsOf(path: string, gop: number, frames: readonly number[]): Record<string, unknown> {
  const index = buildFrameIndex(path);
  const openedAt = performance.now();
  const reader = openExact(path, index, { maxBytes: 0 });
  const openMs = performance.now() - openedAt;
  const seeking = openSource(path);
  const seeker = openDecoder(seeking, 2);
  const writer = createJpegWriter();
  const [seek, decode, full, shown]: [number[], number[], number[], number[]] = [[], [], [], []];
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
      const soughtAt = performance.now();
      seekTo(seeking, seeker, index, frame);
      seek.push(performance.now() - soughtAt);
    }
  } finally {
    reader.close();
    writer.close();
    seeker.freeContext();
    seeking.close();
  }
  return {
    openFileAndDecoderMs: openMs,
    seekAndDecode: spreadOf(decode),
    ofThatSeek: spreadOf(seek),
    bareDecode: Object.fromEntries(
      [1, 2, 3, 4].map((threads) => [`${threads}Threads`, spreadOf(bareDecode(path, gop, frames, threads))]),
    ),
    jpegFullSize: spreadOf(full),
    jpegOf960: spreadOf(shown),
  };
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
      const parts = partsOf(path, gop, coldList);
      const only = options['only'];
      if (only === 'cold')
        return { coldMs: spreadOf(cold), partsOfColdMs: parts, ffmpegMs: spreadOf(ffmpeg) };
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
