/**
 * What the benchmarks of the page share: the browser shell with a project of its own, Chromium in front of it, labels and segments to fill
 * it, and measuring in the page.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { StudioError } from '#core/contract/errors';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import { startWebStudio, type WebStudio } from '#web/studio';
import { spreadOf } from '../fixtures/videos/large.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const CHUNK = 5000;

declare global {
  interface Window {
    readonly studio?: {
      invoke<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]>;
    };
  }
}

/** p50, p95 and the worst of milliseconds, and how many there were. */
export function spread(values: readonly number[]): Record<string, number> {
  const { p50, p95, max } = spreadOf(values);
  return { p50Ms: p50, p95Ms: p95, worstMs: max, count: values.length };
}

/** Calls the service. @throws StudioError what it says */
export async function call<K extends InvokeName>(
  studio: WebStudio,
  name: K,
  args: InvokeInput<K>,
): Promise<InvokeResults[K]> {
  const answer = await studio.service.call(name, args);
  if (!answer.ok) throw new StudioError(answer.error.code, answer.error.message, answer.error.detail);
  return answer.result as InvokeResults[K];
}

/** Where Chromium is. @throws StudioError where there is none */
export function chromiumPath(): string {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new StudioError('not-found', 'There is no Chromium on this machine. Install it and try again.');
  }
  return executablePath;
}

/** A studio with a fresh project, until `body` is done. @param body gets a folder of its own, too, which goes with the project */
export async function withService<T>(
  log: (line: string) => void,
  body: (studio: WebStudio, folder: string) => Promise<T>,
  prepare?: (projectDir: string) => Promise<void> | void,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lofi-bench-page-'));
  try {
    const project = join(folder, 'project');
    await prepare?.(project);
    const studio = await startWebStudio({ project, port: 0, dataDir: join(folder, 'data'), log });
    try {
      return await body(studio, folder);
    } finally {
      await studio.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A studio with a fresh project and Chromium, until `body` is done. @param prepare writes a project beforehand */
export async function withStudio<T>(
  log: (line: string) => void,
  body: (studio: WebStudio, browser: Browser) => Promise<T>,
  prepare?: (projectDir: string) => Promise<void> | void,
): Promise<T> {
  const executablePath = chromiumPath();
  return withService(
    log,
    async (studio) => {
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      try {
        return await body(studio, browser);
      } finally {
        await browser.close();
      }
    },
    prepare,
  );
}

/** Adds labels. @returns their ids */
export async function addLabels(studio: WebStudio, count: number): Promise<readonly string[]> {
  const labels = Array.from({ length: count }, (_, i) => ({
    id: randomUUID(),
    name: `action ${i + 1}`,
    colour: '#5490f4',
    key: i < 10 ? String((i + 1) % 10) : null,
  }));
  await call(studio, 'document.edit', { edit: { type: 'add-labels', labels } });
  return labels.map((label) => label.id);
}

/** Adds so many segments to a video, each four times as long as their distance. */
export async function fill(
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

/**
 * Main-thread work of each frame that an event causes: from the event until its handlers and what they set off are done, and from the start
 * of the next frame until style, layout, script and painting of it are done.
 *
 * @param event makes the nth event; run in the page
 */
export async function frameWork(
  page: Page,
  selector: string,
  count: number,
  kind: 'wheel' | 'scroll',
): Promise<number[]> {
  return page.evaluate(
    async ([target, frames, what]) => {
      const element = document.querySelector<HTMLElement>(target)!;
      const box = element.getBoundingClientRect();
      const act = (n: number): void => {
        if (what === 'scroll') {
          element.scrollTop += n < frames / 2 ? 480 : -240;
          return;
        }
        element.dispatchEvent(
          new WheelEvent('wheel', {
            deltaY: n < frames / 2 ? -30 : 30,
            deltaX: n % 3 === 0 ? 40 : 0,
            ctrlKey: n % 3 !== 0,
            clientX: box.left + box.width / 2,
            clientY: box.bottom - 20,
            bubbles: true,
            cancelable: true,
          }),
        );
      };
      const results: number[] = [];
      for (let n = 0; n < frames; n += 1) {
        let painted = 0;
        const frame = new Promise<void>((resolve) => {
          // Asked for before the event, so that it runs first in the frame that the event causes.
          requestAnimationFrame(() => {
            const startedAt = performance.now();
            const channel = new MessageChannel();
            channel.port1.onmessage = () => {
              painted = performance.now() - startedAt;
              resolve();
            };
            channel.port2.postMessage(null);
          });
        });
        const startedAt = performance.now();
        act(n);
        await Promise.resolve();
        await Promise.resolve();
        const handled = performance.now() - startedAt;
        await frame;
        results.push(handled + painted);
      }
      return results;
    },
    [selector, count, kind] as const,
  );
}

/** Goes to a screen by its address and waits for something there. @returns milliseconds */
export async function openScreen(page: Page, hash: string, selector: string): Promise<number> {
  return page.evaluate(
    async ([address, wanted]) => {
      const startedAt = performance.now();
      location.hash = address;
      while (document.querySelector(wanted) === null && performance.now() - startedAt < 60_000) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return performance.now() - startedAt;
    },
    [hash, selector] as const,
  );
}

/**
 * Sends keys (`ArrowUp`, `Shift+ArrowUp`), one after the other, and waits after each until something about an element is as wanted.
 *
 * @param until `changes`: the attribute is another than before; else its value
 * @returns milliseconds of each key
 */
export async function keyToState(
  page: Page,
  keys: readonly string[],
  selector: string,
  attribute: string,
  until: string,
  pauseMs: number,
): Promise<number[]> {
  return page.evaluate(
    async ([names, target, name, wanted, pause]) => {
      const element = document.querySelector<HTMLElement>(target)!;
      const next = (): Promise<unknown> => {
        const channel = new MessageChannel();
        return new Promise((resolve) => {
          channel.port1.onmessage = resolve;
          channel.port2.postMessage(null);
        });
      };
      const results: number[] = [];
      for (const chord of names) {
        const key = chord.split('+').at(-1)!;
        const [shiftKey, ctrlKey] = [chord.includes('Shift+'), chord.includes('Control+')];
        const before = element.getAttribute(name);
        const startedAt = performance.now();
        window.dispatchEvent(
          new KeyboardEvent('keydown', { key, code: key, shiftKey, ctrlKey, bubbles: true }),
        );
        await Promise.resolve();
        const done = (): boolean => {
          const now = element.getAttribute(name);
          return wanted === 'changes' ? now !== before : now === wanted;
        };
        while (!done() && performance.now() - startedAt < 5000) {
          await next();
        }
        results.push(performance.now() - startedAt);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      return results;
    },
    [keys, selector, attribute, until, pauseMs] as const,
  );
}

const OPENED = '[data-testid=timeline-list] button';

/** Opens a video in Annotate from a page that was just loaded. @returns milliseconds until `selector` is there, by default an entry of the list */
export async function annotate(page: Page, videoId: string, selector = OPENED): Promise<number> {
  await page.goto(`${page.url().split('#')[0] ?? ''}#/library`);
  await page.reload();
  await page.waitForSelector('[data-screen=library]');
  await page.waitForTimeout(500);
  return openScreen(page, `#/annotate/${videoId}`, selector);
}
