/**
 * `bench timeline`: the Annotate screen in Chromium on the real service: pan and zoom with 100,000 segments, key to exact frame on the
 * screen, edit to durable, and opening a video of 10,000 segments.
 *
 * Main-thread work of a frame is what the page's own scripts take between a wheel event and the end of the paint that it causes.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { StudioError } from '#core/contract/errors';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import { startWebStudio, type WebStudio } from '#web/studio';
import { largeVideo } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const LABELS = 12;
const CHUNK = 5000;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const spread = (values: readonly number[]): Record<string, number> => ({
  p50Ms: percentile(values, 0.5),
  p95Ms: percentile(values, 0.95),
  worstMs: Math.max(...values),
  count: values.length,
});

async function call<K extends InvokeName>(
  studio: WebStudio,
  name: K,
  args: InvokeInput<K>,
): Promise<InvokeResults[K]> {
  const answer = await studio.service.call(name, args);
  if (!answer.ok) throw new StudioError(answer.error.code, answer.error.message, answer.error.detail);
  return answer.result as InvokeResults[K];
}

/** Adds labels and so many segments to a video. */
async function fill(
  studio: WebStudio,
  videoId: string,
  segments: number,
  labelIds: readonly string[],
): Promise<void> {
  const video = await call(studio, 'videos.get', { id: videoId });
  const ticks = Math.floor((video.durationSec * video.timeBase.den) / video.timeBase.num);
  const step = ticks / segments;
  for (let from = 0; from < segments; from += CHUNK) {
    const list = Array.from({ length: Math.min(CHUNK, segments - from) }, (_, i) => {
      const startPts = video.startPts + Math.floor((from + i) * step);
      return {
        id: randomUUID(),
        videoId,
        labelId: labelIds[(from + i) % labelIds.length]!,
        startPts,
        endPts: Math.min(video.startPts + ticks, startPts + Math.max(1, Math.floor(step * 4))),
      };
    });
    await call(studio, 'document.edit', { edit: { type: 'add-segments', segments: list } });
  }
}

/** Pans and zooms by wheel, one event a frame. @returns milliseconds of script per frame */
async function wheelFrames(page: Page, frames: number): Promise<number[]> {
  return page.evaluate(async (count) => {
    const canvas = document.querySelector<HTMLElement>('[data-testid=timeline-canvas]')!;
    const box = canvas.getBoundingClientRect();
    const original = window.requestAnimationFrame.bind(window);
    let painting = 0;
    window.requestAnimationFrame = (callback) =>
      original((now) => {
        const started = performance.now();
        callback(now);
        painting += performance.now() - started;
      });
    const results: number[] = [];
    for (let i = 0; i < count; i += 1) {
      painting = 0;
      const started = performance.now();
      canvas.dispatchEvent(
        new WheelEvent('wheel', {
          deltaY: i < count / 2 ? -30 : 30,
          deltaX: i % 3 === 0 ? 40 : 0,
          ctrlKey: i % 3 !== 0,
          clientX: box.left + box.width / 2,
          clientY: box.bottom - 20,
          bubbles: true,
          cancelable: true,
        }),
      );
      await Promise.resolve();
      await Promise.resolve();
      const handling = performance.now() - started;
      await new Promise((resolve) => original(() => original(resolve)));
      results.push(handling + painting);
    }
    window.requestAnimationFrame = original;
    return results;
  }, frames);
}

/** Presses a key and waits for the exact frame. @returns milliseconds of each press */
async function stepFrames(page: Page, key: string, count: number): Promise<number[]> {
  return page.evaluate(
    async ([name, presses]) => {
      const stage = document.querySelector<HTMLElement>('[data-testid=stage]')!;
      const results: number[] = [];
      for (let i = 0; i < presses; i += 1) {
        const before = stage.dataset['frame'];
        const started = performance.now();
        window.dispatchEvent(new KeyboardEvent('keydown', { key: name, code: name, bubbles: true }));
        while (stage.dataset['frame'] === before && performance.now() - started < 5000) {
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        results.push(performance.now() - started);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return results;
    },
    [key, count] as const,
  );
}

/** Makes a segment by its digit, twice. @returns milliseconds until the service has acknowledged each */
async function editDurable(page: Page, videoId: string, count: number): Promise<number[]> {
  return page.evaluate(
    async ([id, edits]) => {
      const labels = await window.studio!.invoke('labels.list', {});
      const results: number[] = [];
      for (let i = 0; i < edits; i += 1) {
        const started = performance.now();
        await window.studio!.invoke('document.edit', {
          edit: {
            type: 'add-segments',
            segments: [
              { id: crypto.randomUUID(), videoId: id, labelId: labels[0]!.id, startPts: i, endPts: i + 1 },
            ],
          },
        });
        results.push(performance.now() - started);
      }
      return results;
    },
    [videoId, count] as const,
  );
}

async function openAnd(page: Page, url: string, videoId: string): Promise<number> {
  await page.goto(`${url}#/library`);
  await page.waitForSelector('[data-screen=library]');
  await page.waitForTimeout(500);
  return page.evaluate(async (id) => {
    const started = performance.now();
    location.hash = `#/annotate/${id}`;
    while (
      document.querySelector('[data-testid=timeline-list] button') === null &&
      performance.now() - started < 60_000
    ) {
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    return performance.now() - started;
  }, videoId);
}

declare global {
  interface Window {
    readonly studio?: {
      invoke<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]>;
    };
  }
}

export const bench: Benchmark = {
  name: 'timeline',
  summary: 'Annotate in Chromium: pan and zoom, frame steps, edits, opening (--segments, --height)',
  async run({ options, log }) {
    const executablePath = CHROMIUM.find((path) => existsSync(path));
    if (executablePath === undefined) {
      throw new StudioError('not-found', 'There is no Chromium on this machine. Install it and try again.');
    }
    const segments = Number(options['segments'] ?? 100_000);
    const height = Number(options['height'] ?? 1080);
    const folder = await mkdtemp(join(tmpdir(), 'lofi-timeline-'));
    const file = await largeVideo({ width: (height * 16) / 9, height, seconds: 60, fps: 30, gop: 250 }, log);
    const long = await largeVideo({ width: 320, height: 180, seconds: 3600, fps: 30, gop: 250 }, log);
    const studio = await startWebStudio({
      project: join(folder, 'project'),
      port: 0,
      dataDir: join(folder, 'data'),
      log,
    });
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const { added } = await call(studio, 'videos.add', { paths: [file, long] });
      const big = added.find((video) => video.height === height)!;
      const wide = added.find((video) => video.height === 180)!;
      const labels = Array.from({ length: LABELS }, (_, i) => ({
        id: randomUUID(),
        name: `action ${i + 1}`,
        colour: '#5490f4',
        key: null,
      }));
      await call(studio, 'document.edit', { edit: { type: 'add-labels', labels } });
      const labelIds = labels.map((label) => label.id);
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      await page.goto(studio.url);

      log('Opening 10,000 segments …');
      await fill(studio, wide.id, 10_000, labelIds);
      await openAnd(page, studio.url, big.id);
      const openMs: number[] = [];
      for (let repeat = 0; repeat < 3; repeat += 1) {
        await page.reload();
        openMs.push(await openAnd(page, studio.url, wide.id));
      }

      log(`Pan and zoom with ${segments} segments …`);
      await fill(studio, wide.id, segments - 10_000, labelIds);
      await page.reload();
      await openAnd(page, studio.url, wide.id);
      await page.waitForTimeout(3000);
      const wheel = await wheelFrames(page, 200);

      log('Frame steps …');
      await openAnd(page, studio.url, big.id);
      await page.waitForTimeout(3000);
      await stepFrames(page, 'ArrowRight', 5);
      const forward = await stepFrames(page, 'ArrowRight', 40);
      const backward = await stepFrames(page, 'ArrowLeft', 40);
      const across = await stepFrames(page, 'End', 1);
      const durable = await editDurable(page, big.id, 200);
      return {
        segments,
        panZoomFrame: spread(wheel),
        openTenThousand: spread(openMs),
        stepForward: spread(forward),
        stepBackward: spread(backward),
        jumpToEndMs: across[0] ?? null,
        editDurable: spread(durable),
      };
    } finally {
      await browser.close();
      await studio.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
