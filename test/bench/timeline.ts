/** The Annotate screen in Chromium, on the real service: from a key to the exact frame on the screen. Many segments: `segments.ts`. */
import { randomUUID } from 'node:crypto';
import type { VideoInfo } from '#core/contract/info';
import { createRandom } from '#core/util/random';
import type { Page } from 'playwright-core';
import { largeVideo } from '../fixtures/videos/large.ts';
import type { WebStudio } from '#web/studio';
import type { Benchmark } from './benchmark.ts';
import { addLabels, annotate, call, keyToState, spread, withStudio } from './chromium.ts';

const STAGE = '[data-testid=stage]';

const times = (count: number, key: string): string[] => Array.from({ length: count }, () => key);

/** A picture on the screen so soon was there when the key was pressed. */
const HERE_MS = 16;
/** As long as a person looks at least before the next key. */
const LOOK_MS = 400;
/** Walking by the same key. No key leads to a frame that was shown before. */
const WALKS = [...times(15, 'Shift+ArrowRight'), ...times(8, 'ArrowDown'), ...times(4, 'Control+ArrowLeft')];
/** Keys of every kind in turn, by about twenty seconds in each round. */
const MIXED = Array.from({ length: 6 }, () => [
  ...['Control+ArrowRight', 'Shift+ArrowRight', 'ArrowDown'],
  ...['Shift+ArrowLeft', 'ArrowDown', 'Shift+ArrowRight'],
]).flat();

/** Segments of three seconds every eight, whose edges `ArrowDown` goes to. */
async function addEdges(studio: WebStudio, video: VideoInfo, labelId: string): Promise<void> {
  const ticks = (sec: number): number =>
    video.startPts + Math.round((sec * video.timeBase.den) / video.timeBase.num);
  const segments = Array.from({ length: Math.floor((video.durationSec - 4) / 8) }, (_, i) => ({
    id: randomUUID(),
    videoId: video.id,
    labelId,
    startPts: ticks(8 * i + 8),
    endPts: ticks(8 * i + 11),
  }));
  await call(studio, 'document.edit', { edit: { type: 'add-segments', segments } });
}

/** The same figures for each key of a list, and how many pictures were there already. */
function byKey(keys: readonly string[], results: readonly number[]): Record<string, unknown> {
  const kinds = new Map<string, number[]>();
  keys.forEach((key, i) => kinds.set(key, [...(kinds.get(key) ?? []), results[i]!]));
  return Object.fromEntries(
    [...kinds].map(([key, list]) => {
      const here = list.filter((ms) => ms <= HERE_MS).length;
      return [key, { ...spread(list), thereAlready: here / list.length }];
    }),
  );
}

/** Lets nothing be made ahead from now on, or again. */
function prefetch(page: Page, allowed: boolean): Promise<void> {
  return page.evaluate((allow) => {
    const own = window as unknown as { honestFetch?: typeof fetch };
    own.honestFetch ??= window.fetch.bind(window);
    const { honestFetch } = own;
    window.fetch = (input, init) =>
      !allow && typeof input === 'string' && input.includes('&likely')
        ? Promise.reject(new Error('left out'))
        : honestFetch(input, init);
  }, allowed);
}

/** Types frame numbers into the player's field. @param thinkMs between the last digit and Enter @returns milliseconds from Enter to a picture of that frame, and to the exact one */
async function jump(
  page: Page,
  frames: readonly number[],
  thinkMs = 0,
): Promise<{ readonly shown: number[]; readonly exact: number[] }> {
  const shown: number[] = [];
  const exact: number[] = [];
  for (const frame of frames) {
    await page.keyboard.press('g');
    await page.getByTestId('go-to').fill(`f${frame}`);
    await page.waitForTimeout(thinkMs);
    const [first, last] = await page.evaluate(
      async ([selector, wanted]) => {
        const stage = document.querySelector<HTMLElement>(selector)!;
        const startedAt = performance.now();
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        const until = async (done: () => boolean): Promise<number> => {
          while (!done() && performance.now() - startedAt < 5000) {
            await new Promise((resolve) => setTimeout(resolve, 0));
          }
          return performance.now() - startedAt;
        };
        const here = await until(() => stage.dataset['frame'] === String(wanted));
        return [here, await until(() => stage.dataset['exact'] === 'true')] as const;
      },
      [STAGE, frame] as const,
    );
    shown.push(first);
    exact.push(last);
    await page.waitForTimeout(100);
  }
  return { shown, exact };
}

export const bench: Benchmark = {
  name: 'timeline',
  summary: 'Annotate in Chromium: from a key to the exact frame (--height, --only keys)',
  run: ({ options, log }) =>
    withStudio(log, async (studio, browser) => {
      const height = Number(options['height'] ?? 1080);
      const gop = 250;
      const file = await largeVideo({ width: (height * 16) / 9, height, seconds: 60, fps: 30, gop }, log);
      const { added } = await call(studio, 'videos.add', { paths: [file] });
      const big = added.find((video) => video.height === height)!;
      await call(studio, 'settings.set', { autoProxy: false });
      // One file for each walk, so that nothing was seen before.
      const others = new Map<number, VideoInfo>();
      for (const seconds of [100, 117, 134, 150]) {
        const path = await largeVideo({ width: (height * 16) / 9, height, seconds, fps: 30, gop }, log);
        const { added: fresh } = await call(studio, 'videos.add', { paths: [path] });
        others.set(seconds, fresh[0]!);
      }
      const labelIds = await addLabels(studio, 12);
      for (const video of others.values()) await addEdges(studio, video, labelIds[0]!);
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      await page.goto(studio.url);

      log('Exact frames …');
      await annotate(page, big.id, `${STAGE}:not([data-frame="-1"])`);
      await page.waitForTimeout(3000);
      const step = (key: string, count: number): Promise<number[]> =>
        keyToState(page, times(count, key), STAGE, 'data-frame', 'changes', 60);
      await step('ArrowRight', 5);
      const forward = await step('ArrowRight', 60);
      const backward = await step('ArrowLeft', 60);
      log('Keys as a person presses them …');
      const keys = async (seconds: number, list: readonly string[], ahead: boolean): Promise<number[]> => {
        await annotate(page, others.get(seconds)!.id, `${STAGE}:not([data-frame="-1"])`);
        await prefetch(page, ahead);
        await page.waitForTimeout(1500);
        return keyToState(page, list, STAGE, 'data-frame', 'changes', LOOK_MS);
      };
      const walks = await keys(100, WALKS, true);
      const mixed = await keys(117, MIXED, true);
      const perKey = { keysWalkingByKey: byKey(WALKS, walks), keysMixedByKey: byKey(MIXED, mixed) };
      if (options['only'] === 'keys')
        return { lookMs: LOOK_MS, keysWalking: spread(walks), keysMixed: spread(mixed), ...perKey };
      const walksWithout = await keys(134, WALKS, false);
      const random = createRandom(3);
      const anywhere = (seconds: number): number[] =>
        Array.from({ length: 40 }, () => random.integer(seconds * 29));
      await prefetch(page, true);
      const typed = await jump(page, anywhere(134), 250);
      const mixedWithout = await keys(150, MIXED, false);
      const jumps = await jump(page, anywhere(150));
      await prefetch(page, true);
      const again = await step('ArrowRight', 20);
      log('The same jumps with a copy …');
      const making = await call(studio, 'videos.makeProxy', { id: big.id });
      for (;;) {
        const state = (await call(studio, 'jobs.list', {})).find(({ id }) => id === making.id)?.state;
        if (state === 'done') break;
        if (state !== 'queued' && state !== 'running') throw new Error(`The copy is ${state}.`);
        await page.waitForTimeout(500);
      }
      await annotate(page, big.id, `${STAGE}:not([data-frame="-1"])`);
      await prefetch(page, false);
      await jump(page, [10]);
      const withCopy = await jump(page, anywhere(60));
      return {
        height,
        gop,
        stepForward: spread(forward),
        stepBackward: spread(backward),
        stepAfterJump: spread(again),
        lookMs: LOOK_MS,
        keysWalking: spread(walks),
        keysMixed: spread(mixed),
        ...perKey,
        keysWalkingWithoutPrefetch: spread(walksWithout),
        keysMixedWithoutPrefetch: spread(mixedWithout),
        jumpTyped: spread(typed.exact),
        jumpAcrossGop: spread(jumps.exact),
        jumpWithCopyUntilShown: spread(withCopy.shown),
        jumpWithCopyUntilExact: spread(withCopy.exact),
      };
    }),
};
