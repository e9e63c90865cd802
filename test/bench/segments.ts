/**
 * The Annotate screen in Chromium with many segments, on the real service: main-thread work of pan and zoom, edits until they are durable,
 * and opening a video of 10,000 segments.
 */
import type { Page } from 'playwright-core';
import { largeVideo } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';
import { addLabels, annotate, call, fill, frameWork, keyToState, spread, withStudio } from './chromium.ts';

const ANNOTATE = '[data-waiting-edits]';
/** A segment of a frame: opened by its digit, closed by it a frame later. The fourth press is the edit. */
const MARKS = Array.from({ length: 40 }, () => ['ArrowRight', '1', 'ArrowRight', '1']).flat();

/** Edits as the page sends them, without the page's own work. @returns milliseconds until each is acknowledged */
async function editCalls(page: Page, videoId: string, count: number): Promise<number[]> {
  return page.evaluate(
    async ([id, edits]) => {
      const labels = await window.studio!.invoke('labels.list', {});
      const results: number[] = [];
      for (let i = 0; i < edits; i += 1) {
        const segment = {
          id: crypto.randomUUID(),
          videoId: id,
          labelId: labels[0]!.id,
          startPts: i,
          endPts: i + 1,
        };
        const startedAt = performance.now();
        await window.studio!.invoke('document.edit', { edit: { type: 'add-segments', segments: [segment] } });
        results.push(performance.now() - startedAt);
      }
      return results;
    },
    [videoId, count] as const,
  );
}

export const bench: Benchmark = {
  name: 'segments',
  summary: 'Annotate in Chromium with many segments: pan and zoom, edits, opening (--segments)',
  run: ({ options, log }) =>
    withStudio(log, async (studio, browser) => {
      const segments = Number(options['segments'] ?? 100_000);
      const file = await largeVideo({ width: 320, height: 180, seconds: 3600, fps: 30, gop: 250 }, log);
      const { added } = await call(studio, 'videos.add', { paths: [file] });
      const { id } = added[0]!;
      await call(studio, 'settings.set', { autoProxy: false });
      const labelIds = await addLabels(studio, 12);
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      await page.goto(studio.url);
      const edits = async (): Promise<number[]> => {
        const waits = await keyToState(page, MARKS, ANNOTATE, 'data-waiting-edits', '0', 20);
        return waits.filter((_, at) => at % 4 === 3);
      };

      log('Opening 10,000 segments …');
      await fill(studio, id, 10_000, labelIds);
      const openMs: number[] = [];
      for (let repeat = 0; repeat < 8; repeat += 1) openMs.push(await annotate(page, id));
      // The pictures along the timeline are made by then.
      await page.waitForTimeout(15_000);
      const editTenThousand = await edits();

      log(`Pan and zoom with ${segments} segments …`);
      await fill(studio, id, segments - 10_000, labelIds);
      await annotate(page, id);
      await page.waitForTimeout(3000);
      const wheel = await frameWork(page, '[data-testid=timeline-canvas]', 300, 'wheel');
      const editAll = await edits();
      // The page reads again what others change in the video that is open: that is not the edit's own time.
      await page.goto(`${page.url().split('#')[0] ?? ''}#/library`);
      await page.waitForSelector('[data-screen=library]');
      return {
        segments,
        openTenThousand: spread(openMs),
        panZoomFrame: spread(wheel),
        editKeyToDurableTenThousand: spread(editTenThousand),
        editKeyToDurable: spread(editAll),
        editCallToDurable: spread(await editCalls(page, id, 200)),
      };
    }),
};
