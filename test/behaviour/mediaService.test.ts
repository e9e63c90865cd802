/**
 * The media service as the program uses it: serving by id over HTTP, thumbnails, peaks, proxies; a file that is not the one it was.
 */
import { copyFile, mkdtemp, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFrameTable } from '#core/timeline/frameTable';
import { contentHash } from '#service/media/file/contentHash';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { requireUnchanged } from '#service/media/file/relink';
import { sampleFramesSync } from '#service/media/decode/sample';
import { createMediaResponder, mediaListener, type ServedVideo } from '#service/media/serve/responder';
import { createMedia, type MediaService } from '#service/media/service';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { readNumber } from '../fixtures/videos/pattern.ts';
import { writeTone } from '../fixtures/videos/tone.ts';

let folder = '';
let media: MediaService;
let server: http.Server;
let base = '';
/** Content hash that a path must have, where a test says so. */
const expected = new Map<string, string>();
const at = (name: string): string => join(folder, name);
const fileNamed = (file: string): string => at(join('seeds', file));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-media-'));
  await makeAwkward(
    at('seeds'),
    AWKWARD.filter(({ file }) =>
      ['bframes.mp4', 'vfr.mkv', 'hevc.mp4', 'late.mkv', 'mjpeg.avi', 'turned90.mp4'].includes(file),
    ),
  );
  await writeTone(at('tone.mkv'), 3);
  await writeFile(at('empty.mp4'), '');
  await writeFile(
    at('secret.txt'),
    'a secret that is long enough to be read as the head of a file\n'.repeat(20),
  );
  await copyFile(at('secret.txt'), at('secret.mp4'));
  await symlink(at('secret.txt'), at('linked.mp4'));
  await copyFile(fileNamed('bframes.mp4'), at('bframes.html'));
  const files: Record<string, string> = {
    a: fileNamed('bframes.mp4'),
    v: fileNamed('vfr.mkv'),
    tone: at('tone.mkv'),
    empty: at('empty.mp4'),
    gone: at('gone.mp4'),
    folder,
    text: at('secret.txt'),
    renamed: at('secret.mp4'),
    linked: at('linked.mp4'),
    page: at('bframes.html'),
  };
  const served = (path: string | undefined): ServedVideo | null =>
    path === undefined ? null : { path, contentHash: expected.get(path) ?? null };
  media = createMedia({ cacheFolder: at('cache') });
  server = http.createServer(
    mediaListener(createMediaResponder({ resolve: (id) => served(files[id]), media })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  media.dispose();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('serving', () => {
  it('answers ranges with exactly the bytes asked for', async () => {
    const bytes = await readFile(fileNamed('bframes.mp4'));
    const size = bytes.length;
    const cases: readonly (readonly [string | undefined, number, number, number])[] = [
      [undefined, 200, 0, size],
      ['bytes=0-99', 206, 0, 100],
      ['bytes=100-', 206, 100, size],
      ['bytes=-50', 206, size - 50, size],
      [`bytes=10-${size * 2}`, 206, 10, size],
    ];
    for (const [range, status, from, to] of cases) {
      const answer = await fetch(`${base}/video/a`, range === undefined ? {} : { headers: { range } });
      expect(answer.status).toBe(status);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
      expect(answer.headers.get('content-length')).toBe(String(to - from));
      expect(answer.headers.get('accept-ranges')).toBe('bytes');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-type')).toBe('video/mp4');
      if (status === 206) expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${size}`);
    }
    const outside = await fetch(`${base}/video/a`, { headers: { range: `bytes=${size}-` } });
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
  });

  it('answers HEAD, empty files and other methods', async () => {
    const head = await fetch(`${base}/video/a`, { method: 'HEAD', headers: { range: 'bytes=0-9' } });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([206, '10', '']);
    const empty = await fetch(`${base}/video/empty`);
    expect([empty.status, await empty.text()]).toEqual([200, '']);
    expect((await fetch(`${base}/video/a`, { method: 'POST' })).status).toBe(405);
  });

  it('knows ids and nothing else', async () => {
    for (const path of [
      '/video/..%2f..%2fetc%2fpasswd',
      '/video/b',
      '/video/',
      '/',
      '/video/a/b',
      '/video/gone',
      '/video/folder',
      '/frame/a/x.png',
      '/nothing/a',
      '/video/%ff',
    ]) {
      const answer = await fetch(`${base}${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('sends nothing that is no video, whatever its name and wherever its link leads, and calls nothing a page', async () => {
    for (const id of ['text', 'renamed', 'linked']) {
      const answer = await fetch(`${base}/video/${id}`);
      expect([id, answer.status]).toEqual([id, 404]);
      expect(await answer.text()).not.toContain('secret');
    }
    // A video under the name of a page is sent as bytes, not as a page.
    const page = await fetch(`${base}/video/page`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    await page.body?.cancel();
  });

  it('closes files when readers go away', async () => {
    if (process.platform !== 'linux') return;
    await truncate(await copyTo(fileNamed('bframes.mp4'), at('gone.mp4')), 200_000_000);
    const open = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await open();
    for (let i = 0; i < 20; i += 1) {
      const control = new AbortController();
      const answer = await fetch(`${base}/video/gone`, {
        signal: control.signal,
        headers: { range: `bytes=${i}-` },
      });
      await answer.body!.getReader().read();
      control.abort();
    }
    await expect.poll(open, { timeout: 5000 }).toBeLessThan(before + 5);
    await rm(at('gone.mp4'));
  });

  it('gives exact frames, frame tables, thumbnails and peaks', async () => {
    const frame = await fetch(`${base}/frame/a/37.rgba`);
    expect([frame.status, frame.headers.get('x-frame-size')]).toEqual([200, '160x96']);
    const rgba = new Uint8Array(await frame.arrayBuffer());
    expect(
      readNumber(
        rgba.filter((_, i) => i % 4 !== 3),
        160,
        96,
      ),
    ).toBe(37);
    for (const [ending, start] of [
      ['png', '89504e47'],
      ['jpg', 'ffd8ff'],
      ['bmp', '424d'],
    ] as const) {
      const bytes = Buffer.from(await (await fetch(`${base}/frame/a/3.${ending}`)).arrayBuffer());
      expect(bytes.toString('hex').startsWith(start)).toBe(true);
    }
    const small = await fetch(`${base}/frame/a/3.rgba?w=80&h=80`);
    expect(small.headers.get('x-frame-size')).toBe('80x48');
    expect((await fetch(`${base}/frame/a/60.png`)).status).toBe(400);

    const times = readFrameTable(await (await fetch(`${base}/index/v`)).arrayBuffer());
    expect(Array.from(times.pts)).toEqual(Array.from(buildFrameIndex(fileNamed('vfr.mkv')).pts));

    const layout = (await (await fetch(`${base}/thumbs/a/0.5/layout.json`)).json()) as {
      count: number;
      tileWidth: number;
    };
    expect(layout).toMatchObject({ count: 5, tileWidth: 100, tileHeight: 60, columns: 10 });
    const sheet = await fetch(`${base}/thumbs/a/0.5/0.jpg`);
    expect([sheet.status, sheet.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await fetch(`${base}/thumbs/a/0.5/1.jpg`)).status).toBe(400);
    expect((await fetch(`${base}/thumbs/a/0.7/0.jpg`)).status).toBe(400);

    expect((await fetch(`${base}/peaks/a/0`)).status).toBe(404);
    const peaks = Buffer.from(await (await fetch(`${base}/peaks/tone/0`)).arrayBuffer());
    const head = JSON.parse(peaks.toString('utf8', 12, 12 + peaks.readUInt32LE(8))) as {
      rates: number[];
      lengths: number[];
    };
    expect(head.rates).toEqual([100]);
    expect(head.lengths[0]).toBeGreaterThanOrEqual(300);
    const pairs = new Int8Array(peaks.subarray(peaks.length - head.lengths[0]! * 2));
    // A tone of half loudness: 0.5 × 127; the second third is silent.
    expect(
      [pairs[40], pairs[41], pairs[300], pairs[301]].map((value) => Math.round(Math.abs(value!) / 8) * 8),
    ).toEqual([64, 64, 0, 0]);
    const coarse = Buffer.from(await (await fetch(`${base}/peaks/tone/2`)).arrayBuffer());
    expect(coarse.length).toBeLessThan(peaks.length / 4);
    expect((await fetch(`${base}/peaks/tone/9`)).status).toBe(404);
  });
});

describe('what is derived from a video', () => {
  it('is made again where it was thrown away or given up', async () => {
    const seed = fileNamed('bframes.mp4');
    await rm(at('cache'), { recursive: true, force: true });
    const control = new AbortController();
    const given = media.thumbnails(seed, 0.5, 0, { signal: control.signal });
    const alike = media.peaks(at('tone.mkv'), 0, { signal: control.signal });
    control.abort();
    const both = await Promise.allSettled([given, alike]);
    expect(both).toMatchObject([{ reason: { code: 'cancelled' } }, { reason: { code: 'cancelled' } }]);
    const all = async (): Promise<Buffer[]> => [
      (await media.thumbnails(seed, 0.5, 0)).data,
      await media.peaks(at('tone.mkv'), 0),
      await media.indexBytes(seed),
    ];
    const before = await all();
    await rm(at('cache'), { recursive: true });
    const after = await all();
    expect(after.map((bytes, i) => bytes.length > 0 && bytes.equals(before[i]!))).toEqual([true, true, true]);
  });
});

describe('proxies', () => {
  it('keep the time of every frame, constant rate or not, turned or not', async () => {
    for (const file of ['hevc.mp4', 'vfr.mkv', 'late.mkv', 'turned90.mp4', 'mjpeg.avi']) {
      const original = buildFrameIndex(fileNamed(file));
      const path = await media.proxy(fileNamed(file));
      expect(await media.existingProxy(fileNamed(file))).toBe(path);
      const proxy = buildFrameIndex(path);
      const sec = (index: typeof proxy): number[] =>
        Array.from(index.pts, (pts) => ((pts - index.pts[0]!) * index.timeBase.num) / index.timeBase.den);
      expect(sec(proxy).map((time) => time.toFixed(6))).toEqual(sec(original).map((time) => time.toFixed(6)));
      expect(proxy.keys.pts.length).toBeGreaterThanOrEqual(4);
      const pixels = sampleFramesSync(path, proxy, {
        frameIndices: Int32Array.of(0, 31, 59),
        side: 48,
        fit: 'stretch',
      });
      expect([0, 1, 2].map((i) => readNumber(pixels.subarray(i * 6912, (i + 1) * 6912), 48, 48))).toEqual([
        0, 31, 59,
      ]);
    }
  });
});

describe('the sound of proxies', () => {
  /** Hundredths of a second at which the sound begins or ends, counted from the first frame. */
  const edges = async (path: string): Promise<number[]> => {
    const bytes = await media.peaks(path, 0);
    const head = JSON.parse(bytes.toString('utf8', 12, 12 + bytes.readUInt32LE(8))) as { lengths: number[] };
    const pairs = new Int8Array(bytes.subarray(bytes.length - head.lengths[0]! * 2));
    const loud = Array.from({ length: pairs.length / 2 }, (_, i) => pairs[i * 2 + 1]! - pairs[i * 2]! > 40);
    return loud.flatMap((now, i) => (now === (loud[i - 1] ?? false) ? [] : [i]));
  };

  it.each([0, 0.5])('stays beside the picture (begins %f s late)', async (delaySec) => {
    const path = at(`tone${delaySec}.mkv`);
    await writeTone(path, 3, delaySec);
    const proxy = await media.proxy(path);
    const info = await media.probe(proxy);
    expect([info.hasAudio, info.frameCount]).toEqual([true, 30]);
    const wanted = [0, 1, 2, 3].map((sec) => (sec + delaySec) * 100);
    const off = (found: readonly number[]): number =>
      Math.max(...wanted.map((edge, i) => Math.abs(edge - (found[i] ?? NaN))));
    expect(off((await edges(path)).slice(0, wanted.length - 1).concat(wanted[3]!))).toBeLessThanOrEqual(1);
    const heard = await edges(proxy);
    expect(off([...heard.slice(0, 3), wanted[3]!])).toBeLessThanOrEqual(3);
  });
});

describe('a file with other content under the same name', () => {
  it('is never served, indexed or sampled as the old one', async () => {
    const path = fileNamed('vfr.mkv');
    expected.set(path, await contentHash(path));
    expect((await fetch(`${base}/frame/v/3.png`)).status).toBe(200);
    await copyTo(path, at('vfr.kept'));
    try {
      await copyTo(fileNamed('bframes.mp4'), path);
      for (const address of [
        'frame/v/3.png',
        'frame/v/3.jpg',
        'index/v',
        'thumbs/v/1/0.jpg',
        'video/v',
        'proxy/v',
      ]) {
        const answer = await fetch(`${base}/${address}`);
        expect([address, answer.status]).toEqual([address, 422]);
        expect(await answer.text()).toMatch(/vfr\.mkv has changed since it was added/);
      }
      const video = { path, contentHash: expected.get(path)! };
      await expect(requireUnchanged(video)).rejects.toMatchObject({ code: 'bad-input' });
      await copyTo(at('vfr.kept'), path);
      expect((await fetch(`${base}/frame/v/3.png`)).status).toBe(200);
      await requireUnchanged(video);
    } finally {
      await copyTo(at('vfr.kept'), path);
      expected.clear();
    }
  });
});

async function copyTo(from: string, to: string): Promise<string> {
  await copyFile(from, to);
  return to;
}
