/**
 * The Library in Chromium with 10,000 videos: opening, main-thread work of a frame while scrolling, and search. The rows are real ones of
 * the database; the files behind them are not needed to list them.
 */
import { createProject } from '#service/store/store';
import { newVideo } from '../behaviour/projectFixture.ts';
import type { Benchmark } from './benchmark.ts';
import { frameWork, openScreen, spread, withStudio } from './chromium.ts';

const LIST = '[data-testid=video-list]';
const ROW = '[data-testid=video-row]';

export const bench: Benchmark = {
  name: 'library',
  summary: 'the Library in Chromium: open, scroll and search many videos (--videos)',
  run: ({ options, log }) => {
    const count = Number(options['videos'] ?? 10_000);
    return withStudio(
      log,
      async (studio, browser) => {
        const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
        const openMs: number[] = [];
        for (let repeat = 0; repeat < 5; repeat += 1) {
          await page.goto(`${studio.url}#/settings`);
          await page.reload();
          await page.waitForSelector('[data-screen=settings]');
          openMs.push(await openScreen(page, '#/library', ROW));
        }
        await page.waitForTimeout(1000);
        const scroll = await frameWork(page, LIST, 300, 'scroll');
        const searchMs: number[] = [];
        for (const text of ['video-99', 'video-1234', '77', '']) {
          const startedAt = performance.now();
          await page.getByRole('textbox').first().fill(text);
          await page.waitForFunction(
            ([selector, wanted]) => {
              const rows = [...document.querySelectorAll(selector)];
              return rows.length > 0 && rows.every((row) => row.textContent.includes(wanted));
            },
            [ROW, text] as const,
            { polling: 'raf' },
          );
          if (text !== '') searchMs.push(performance.now() - startedAt);
        }
        return { videos: count, open: spread(openMs), scrollFrame: spread(scroll), search: spread(searchMs) };
      },
      (dir) => {
        const store = createProject(dir);
        for (let from = 0; from < count; from += 1000) {
          store.videos.add(
            Array.from({ length: Math.min(1000, count - from) }, (_, i) => newVideo(from + i)),
          );
        }
        store.close();
      },
    );
  },
};
