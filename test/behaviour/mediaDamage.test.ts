/**
 * Files that are not what they say: one clear error, or a part that can be read with a note from where to where; never a wrong frame, a hang or a
 * crash of the service.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudioError } from '#core/contract/errors';
import { writeVideo } from '#service/media/encode';
import { openExact } from '#service/media/decode/exact';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { probeVideo } from '#service/media/file/probe';
import { createMedia, type MediaService } from '#service/media/service';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { fuzz } from '../fixtures/videos/fuzz.ts';
import { drawNumber, readNumber } from '../fixtures/videos/pattern.ts';

let folder = '';
let media: MediaService;
const at = (name: string): string => join(folder, name);

async function errorOf(promise: Promise<unknown>): Promise<StudioError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StudioError);
  return error as StudioError;
}

/** 90 frames, a key frame every 30, index at the front. */
async function makeGood(path: string): Promise<void> {
  function* frames(): Generator<Uint8Array> {
    for (let i = 0; i < 90; i += 1) yield drawNumber(i, 160, 96);
  }
  await writeVideo(path, frames(), {
    width: 160,
    height: 96,
    fps: { num: 25, den: 1 },
    gop: 30,
    encoderOptions: { preset: 'veryfast', crf: 18, 'x264-params': 'scenecut=0' },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-damage-'));
  media = createMedia({ cacheFolder: at('cache') });
  await makeGood(at('good.mp4'));
});
afterAll(async () => {
  media.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('files that cannot be used', () => {
  it('are refused with one error that names them', async () => {
    await writeFile(at('empty.mp4'), '');
    await writeFile(at('text.mp4'), 'This is a letter, not a video.\n'.repeat(500));
    await writeFile(at('noise.mkv'), Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7919) % 251)));
    await writeFile(at('headless.mp4'), (await readFile(at('good.mp4'))).subarray(0, 300));
    await writeFile(at('sound.wav'), wav());
    for (const name of ['empty.mp4', 'text.mp4', 'noise.mkv', 'headless.mp4', 'sound.wav', 'missing.mp4']) {
      for (const reading of [probeVideo(at(name)), media.probe(at(name))]) {
        const error = await errorOf(reading);
        expect([name, error.code]).toEqual([name, 'bad-input']);
        expect(error.message).toContain(name);
      }
    }
    expect((await errorOf(probeVideo(at('sound.wav')))).message).toMatch(/sound but no picture/);
    expect((await errorOf(probeVideo(folder))).code).toBe('bad-input');
  });

  it('headers that never end are given up soon', async () => {
    const size = 24 * 1024 * 1024;
    // A transport stream that announces programs for ever and never one.
    const announcement = Buffer.alloc(188, 0xff);
    Buffer.from('474000100000b00d0001c100000001e1002ab104b2', 'hex').copy(announcement);
    const stream = Buffer.alloc(size - (size % 188));
    for (let at = 0; at < stream.length; at += 188) announcement.copy(stream, at);
    // Boxes inside boxes inside a header that claims a gigabyte.
    const boxes = Buffer.alloc(size);
    Buffer.from('000000186674797069736f6d0000000069736f6d6d703432400000006d6f6f76', 'hex').copy(boxes);
    for (let at = 32; at + 8 < size; at += 8) {
      boxes.writeUInt32BE(size - at, at);
      boxes.write('trak', at + 4, 'latin1');
    }
    // An EBML header that says nothing but "skip me".
    const voids = Buffer.alloc(size, 0xec);
    Buffer.from('1a45dfa3934282886d6174726f736b614287810442858102185380670100000000ffffff', 'hex').copy(
      voids,
    );
    for (const [name, bytes] of [
      ['endless.ts', stream],
      ['endless.mp4', boxes],
      ['endless.mkv', voids],
    ] as const) {
      await writeFile(at(name), bytes);
      const error = await errorOf(media.probe(at(name)));
      expect([name, error.code]).toEqual([name, 'bad-input']);
      expect(error.message).toContain(name);
      await rm(at(name));
    }
    expect(media.peakBytes()).toBeLessThan(1024 ** 3);
  });

  it('a picture of 20,000 × 20,000 pixels is refused before memory is taken', async () => {
    const png = Buffer.from(
      '89504e470d0a1a0a0000000d4948445200004e2000004e200802000000f3b5cb3d0000000c49444154789c63000100000500010d0a2db40000000049454e44ae426082',
      'hex',
    );
    await writeFile(at('huge.png'), png);
    expect((await errorOf(media.probe(at('huge.png')))).code).toBe('bad-input');
  });
});

describe('files that can be read in part', () => {
  it('keep a time for every frame where joined recordings begin with one that has none', async () => {
    const wanted = AWKWARD.filter(({ file }) => file === 'joined.ts');
    const [joined] = (await makeAwkward(at('joined'), wanted)).values();
    const bytes = await readFile(joined!);
    const whole = buildFrameIndex(joined!);
    const head = bytes.indexOf(Buffer.from([0, 0, 1, 0xe0]));
    expect(head).toBeGreaterThan(0);
    // Neither PTS nor DTS.
    bytes[head + 7] = bytes[head + 7]! & 0x3f;
    await writeFile(at('timeless.ts'), bytes);
    const index = buildFrameIndex(at('timeless.ts'));
    expect(index.pts.length).toBe(whole.pts.length);
    expect([...index.pts].every(Number.isFinite)).toBe(true);
    expect([...index.pts].slice(1)).toEqual([...whole.pts].slice(1));
    expect(index.pts[0]).toBeLessThan(index.pts[1]!);
    expect((await media.thumbnails(at('timeless.ts'), 1, 0)).data.length).toBeGreaterThan(500);
  });

  it('say from where to where when they are cut off', async () => {
    const bytes = await readFile(at('good.mp4'));
    await writeFile(at('cut.mp4'), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const info = await probeVideo(at('cut.mp4'));
    expect(info.frameCount).toBeGreaterThan(20);
    expect(info.frameCount).toBeLessThan(90);
    expect(info.isVfr).toBe(false);
    const badge = info.badges.find((one) => one.kind === 'damaged');
    expect(badge?.fromSec).toBeGreaterThan(0.5);
    expect(badge?.toSec).toBeGreaterThan(badge!.fromSec!);
    checkFrames(at('cut.mp4'));
  });

  it('never show a wrong frame after damage in the middle', async () => {
    const bytes = await readFile(at('good.mp4'));
    const damaged = Buffer.from(bytes);
    const middle = Math.floor(bytes.length * 0.45);
    for (let i = 0; i < 400; i += 1) damaged[middle + i] = (i * 31 + 7) & 255;
    await writeFile(at('middle.mp4'), damaged);
    const info = await probeVideo(at('middle.mp4'));
    expect(info.warnings.some((warning) => warning.kind === 'damaged')).toBe(true);
    const { good, refused } = checkFrames(at('middle.mp4'));
    expect(good).toBeGreaterThan(40);
    expect(refused).toBeGreaterThan(0);
  });
});

/** Every frame is either the right one, at its own time, or refused. */
function checkFrames(path: string): { good: number; refused: number } {
  const index = buildFrameIndex(path);
  const reader = openExact(path, index, { maxBytes: 100_000 });
  let good = 0;
  let refused = 0;
  try {
    for (let frame = index.pts.length - 1; frame >= 0; frame -= 1) {
      try {
        const number = reader.withFrame(frame, (decoded, maker) =>
          readNumber(maker.full(decoded).rgb, 160, 96),
        );
        const expected = Math.round((index.pts[frame]! * index.timeBase.num * 25) / index.timeBase.den);
        expect([frame, number]).toEqual([frame, expected]);
        good += 1;
      } catch (error) {
        if (!(error instanceof StudioError)) throw error;
        expect(error.code).toBe('damaged');
        refused += 1;
      }
    }
  } finally {
    reader.close();
  }
  return { good, refused };
}

describe('the decoding process', () => {
  it('dies without harm to the service, and the next call gets a new one', async () => {
    await media.frame(at('good.mp4'), 3);
    const dying = errorOf(media.frame(at('good.mp4'), 80));
    for (const pid of media.pids()) process.kill(pid, 'SIGKILL');
    expect((await dying).message).toMatch(/good\.mp4/);
    expect((await media.frame(at('good.mp4'), 80, { format: 'rgba' })).data.length).toBe(160 * 96 * 4);
  });

  it('is stopped when it stays silent', async () => {
    const quick = createMedia({ cacheFolder: at('cache2'), silenceMs: 1000 });
    try {
      await quick.frame(at('good.mp4'), 1);
      for (const pid of quick.pids()) process.kill(pid, 'SIGSTOP');
      expect((await errorOf(quick.frame(at('good.mp4'), 2))).message).toMatch(/too long/);
      expect((await quick.frame(at('good.mp4'), 2)).width).toBe(160);
    } finally {
      quick.dispose();
    }
  });

  it('lets cancelled calls go', async () => {
    const control = new AbortController();
    const waiting = [
      errorOf(media.frame(at('good.mp4'), 5, { signal: control.signal })),
      errorOf(media.frame(at('good.mp4'), 6, { signal: control.signal })),
    ];
    control.abort();
    for (const error of await Promise.all(waiting)) expect(error.code).toBe('cancelled');
    expect((await media.frame(at('good.mp4'), 7)).width).toBe(160);
  });

  it('outlives 300 random mutations of small files', { timeout: 180_000 }, async () => {
    const wanted = AWKWARD.filter(({ file }) =>
      ['bframes.mp4', 'vfr.mkv', 'open.ts', 'asp.avi', 'vp8.webm', 'delays.gif'].includes(file),
    );
    const paths = await makeAwkward(at('seeds'), wanted);
    const report = await fuzz([...paths.values()], folder, 300, 11);
    expect(report.unexpected).toEqual([]);
    expect(report.peakBytes).toBeLessThan(1024 ** 3);
    expect(report.slowestMs).toBeLessThan(60_000);
    expect(report.readable).toBeGreaterThan(50);
    expect(report.refused).toBeGreaterThan(20);
  });
});

/** A second of silence. */
function wav(): Buffer {
  const head = Buffer.from(
    '524946460000000057415645666d74201000000001000100401f0000803e0000020010006461746100000000',
    'hex',
  );
  const data = Buffer.alloc(16_000);
  head.writeUInt32LE(36 + data.length, 4);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
