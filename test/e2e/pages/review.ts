/**
 * The Review screen: the candidate, its loop, what stands around it.
 */
import type { Locator, Page } from 'playwright-core';
import { windowPage } from './window.ts';

/** Starts of what is drawn, in seconds of the video. */
export interface Drawn {
  readonly truth: readonly number[];
  readonly former: readonly number[];
  readonly candidate: number;
}

/** What a person does on the Review screen. */
export interface ReviewPage {
  readonly open: () => Promise<void>;
  /** Names of the rows below the picture. */
  readonly rows: Locator;
  readonly label: () => Promise<string>;
  readonly order: (name: string) => Promise<void>;
  readonly only: (label: string) => Promise<void>;
  readonly confidence: (least: number) => Promise<void>;
  readonly roll: (side: 'Before' | 'After', text: string) => Promise<void>;
  /** Watches the player. @returns the first and the last frame of its loop; null while it does not go round */
  readonly loop: (watchedMs: number) => Promise<{ first: number; last: number } | null>;
  readonly drawn: () => Promise<Drawn>;
  readonly dragEdge: (edge: 'Start' | 'End', pixels: number) => Promise<void>;
}

export function reviewPage(page: Page): ReviewPage {
  const candidate = page.getByTestId('candidate');
  const bar = page.locator('main[data-screen="review"] .bar');
  return {
    open: async () => {
      await windowPage(page).goTo('review');
      await candidate.waitFor();
      await page.locator('.picture[aria-busy="false"]').waitFor();
    },
    rows: page.locator('.rows .names span'),
    label: async () => (await candidate.getByRole('heading').first().textContent()) ?? '',
    order: async (name) => {
      await bar.getByLabel('Order').selectOption({ label: name });
    },
    only: async (label) => {
      await bar.getByLabel('Label', { exact: true }).selectOption({ label });
    },
    confidence: async (least) => {
      await bar.getByLabel(/Confidence from/).fill(String(least));
    },
    roll: async (side, text) => {
      await candidate.getByLabel(side).selectOption({ label: text });
    },
    loop: (watchedMs) =>
      page.evaluate(async (ms) => {
        const frame = (): number =>
          Number(/f (\d+)/.exec(document.querySelector('[data-testid=time]')?.textContent ?? '')?.[1]);
        const until = performance.now() + ms;
        let [first, last, before, rounds] = [Infinity, -Infinity, frame(), 0];
        while (performance.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          const now = frame();
          if (now < before) rounds += 1;
          // Until the first round is over, the player may stand where it stood before.
          if (rounds > 0) [first, last] = [Math.min(first, now), Math.max(last, now)];
          before = now;
        }
        return rounds > 1 ? { first, last } : null;
      }, watchedMs),
    drawn: () =>
      page.evaluate(() => {
        const svg = document.querySelector('.rows .drawing svg');
        const ticks = [...(svg?.querySelectorAll('text') ?? [])].map((text) => ({
          x: Number(text.getAttribute('x')) - 4,
          sec: (text.textContent ?? '').split(':').reduce((sum, part) => 60 * sum + Number(part), 0),
        }));
        const [a, b] = [ticks[0], ticks.at(-1)];
        if (svg === null || a === undefined || b === undefined) throw new Error('Nothing is drawn.');
        const secOf = (rect: Element): number =>
          a.sec + ((Number(rect.getAttribute('x')) - a.x) * (b.sec - a.sec)) / (b.x - a.x);
        const rects = [...svg.querySelectorAll('rect:not(.lane, .candidate, .predicted, .edge, defs *)')];
        const lanes = [...svg.querySelectorAll('rect.lane')].map((lane) => Number(lane.getAttribute('y')));
        const inLane = (at: number): number[] =>
          rects
            .filter((rect) => {
              const y = Number(rect.getAttribute('y')) - (lanes[at] ?? 0);
              return y >= 0 && y < 25;
            })
            .map(secOf)
            .sort((left, right) => left - right);
        const own = svg.querySelector('rect.candidate');
        if (own === null) throw new Error('There is no candidate.');
        return { truth: inLane(0), former: inLane(2), candidate: secOf(own) };
      }),
    dragEdge: async (edge, pixels) => {
      const box = await page.locator('.rows').getByRole('slider', { name: edge }).boundingBox();
      if (box === null) throw new Error('The edge is not on the screen.');
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + pixels, y, { steps: 4 });
      await page.mouse.up();
    },
  };
}
