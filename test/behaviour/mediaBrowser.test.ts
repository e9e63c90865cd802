/// <reference lib="dom" />
/**
 * What Chromium shows at a frame's time is the frame that the service calls by that number: for every file that both play, and for proxies.
 *
 * Needs a Chromium (`LOFI_CHROMIUM`, or the system's); without one the suite says so and is skipped.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ptsToSec } from '#core/annotation/timebase';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { createMediaResponder, mediaListener } from '#service/media/serve/responder';
import { createMedia, type MediaService } from '#service/media/service';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { readNumber } from '../fixtures/videos/pattern.ts';
import { writeTone } from '../fixtures/videos/tone.ts';

const executablePath = process.env['LOFI_CHROMIUM'] ?? '/usr/bin/chromium';
const played = AWKWARD.filter(({ plays }) => plays === true);
const proxied = AWKWARD.filter(({ file }) => ['hevc.mp4', 'asp.avi', 'vfr.mkv'].includes(file));
const SIDE = 48;

/** Seeks to each time and returns the pictures, uint8 RGB, SIDE × SIDE each; null where the browser could not. */
async function seekThrough(
  page: Page,
  url: string,
  times: readonly number[],
): Promise<readonly (readonly number[])[]> {
  return page.evaluate(
    async ({ url, times, side }) => {
      const video = document.createElement('video');
      const canvas = document.createElement('canvas');
      canvas.width = side;
      canvas.height = side;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      if (context === null) throw new Error('no canvas');
      const once = (name: string): Promise<void> =>
        new Promise((resolve, reject) => {
          video.addEventListener(name, () => resolve(), { once: true });
          video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'video error')), {
            once: true,
          });
        });
      video.muted = true;
      video.preload = 'auto';
      video.src = url;
      document.body.append(video);
      await once('loadeddata');
      const pictures: number[][] = [];
      for (const time of times) {
        const painted = new Promise<void>((resolve) => {
          video.requestVideoFrameCallback(() => resolve());
          setTimeout(resolve, 1000);
        });
        const seeked = once('seeked');
        video.currentTime = time;
        await seeked;
        await painted;
        context.drawImage(video, 0, 0, side, side);
        pictures.push(Array.from(context.getImageData(0, 0, side, side).data).filter((_, i) => i % 4 !== 3));
      }
      video.remove();
      return pictures;
    },
    { url, times: [...times], side: SIDE },
  );
}

describe.skipIf(!existsSync(executablePath))('in Chromium', () => {
  let folder = '';
  let media: MediaService;
  let server: http.Server;
  let browser: Browser;
  let page: Page;
  let paths = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lofi-browser-'));
    paths = await makeAwkward(join(folder, 'seeds'), [...played, ...proxied]);
    media = createMedia({ cacheFolder: join(folder, 'cache') });
    const answer = mediaListener(
      createMediaResponder({
        resolve: (id) => (paths.has(id) ? { path: paths.get(id)!, contentHash: null } : null),
        media,
      }),
    );
    server = http.createServer((request, response) => {
      if (request.url === '/')
        response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>media</title>');
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await browser.close();
    media.dispose();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const check = async (
    name: string,
    path: string,
    url: string,
    numbers: readonly number[],
  ): Promise<void> => {
    const index = buildFrameIndex(path);
    const edges = [...index.pts, index.endPts];
    const middles = numbers.map((_, i) => ptsToSec((edges[i]! + edges[i + 1]!) / 2, index.timeBase));
    const pictures = await seekThrough(page, url, middles);
    expect([name, pictures.map((picture) => readNumber(Uint8Array.from(picture), SIDE, SIDE))]).toEqual([
      name,
      numbers,
    ]);
  };

  it.each(played)('$name', async ({ name, numbers }) => {
    await check(name, paths.get(name)!, `/video/${encodeURIComponent(name)}`, numbers);
  });

  it('the sound of a proxy is heard', async () => {
    const original = join(folder, 'tone.mkv');
    await writeTone(original, 3);
    paths.set('tone', original);
    await media.proxy(original);
    const heard = await page.evaluate(async () => {
      const video = document.createElement('video');
      video.src = '/proxy/tone';
      document.body.append(video);
      await video.play();
      await new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
      const { webkitAudioDecodedByteCount } = video as unknown as { webkitAudioDecodedByteCount: number };
      video.remove();
      return webkitAudioDecodedByteCount;
    });
    expect(heard).toBeGreaterThan(10_000);
  });

  it.each(proxied)('the proxy of $name', async ({ name, numbers }) => {
    const proxy = await media.proxy(paths.get(name)!);
    await check(name, proxy, `/proxy/${encodeURIComponent(name)}`, numbers);
  });
});
