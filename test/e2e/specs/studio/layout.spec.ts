/**
 * 1280 × 720 is enough: nothing is wider than the window, no word is cut off, nothing jumps, nothing moves for those who want no motion. And a screen
 * of 3840 × 2160 is used: everything is half as large again, and the pointer still meets what it points at.
 */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeKitchen, type Kitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { SHELL } from '../../fixtures/studio.ts';
import { annotatePage } from '../../pages/annotate.ts';
import { windowPage, type ScreenName } from '../../pages/window.ts';

const SCREENS: readonly ScreenName[] = [
  'library',
  'annotate',
  'train',
  'review',
  'evaluate',
  'models',
  'settings',
];
/** What the web's own measure of stability calls good. */
const GOOD_SHIFT = 0.1;

/** What is wider or higher than the window, outside of it, or cut off without a sign. */
function faults(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > window.innerWidth) found.push('wider than the window');
    if (document.documentElement.scrollHeight > window.innerHeight) found.push('higher than the window');
    for (const element of document.querySelectorAll<HTMLElement>(
      'button, a, h1, h2, h3, label, th, td, p, li, span, dt, dd',
    )) {
      if (!element.checkVisibility() || element.closest('[aria-hidden=true], .visually-hidden') !== null) {
        continue;
      }
      const text = element.textContent.trim();
      const { left, right, width } = element.getBoundingClientRect();
      if (text === '' || width < 2) continue;
      // What scrolls sideways may reach beyond it.
      const scrolls = element.closest('.scroll, [data-region=segments], ul') !== null;
      if (!scrolls && (right > window.innerWidth + 1 || left < -1))
        found.push(`outside: ${text.slice(0, 60)}`);
      const style = getComputedStyle(element);
      const cut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'hidden';
      // An ellipsis says that there is more, and the rest is told on hover.
      if (cut && style.textOverflow !== 'ellipsis') found.push(`cut off: ${text.slice(0, 60)}`);
    }
    return found;
  });
}

describe.runIf(SHELL === 'browser')('the smallest window', () => {
  const studio = useStudio(writeKitchen);
  beforeAll(async () => {
    const { page } = studio();
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.getByTestId('nav-library').waitFor();
  });

  it.each(['en', 'zh-CN'] as const)('holds every screen in %s', async (language) => {
    const { page } = studio();
    const { ask, goTo } = windowPage(page);
    await ask('settings.set', { language });
    await page.locator(`html[lang="${language}"]`).waitFor();
    for (const screen of SCREENS) {
      await goTo(screen);
      if (screen === 'evaluate') await page.getByTestId('evaluate-subset').selectOption('training');
      await page.waitForTimeout(700);
      const wrong = await faults(page);
      expect(wrong, screen).toEqual([]);
    }
    await ask('settings.set', { language: 'en' });
  });

  it('does not jump when what was asked for arrives', async () => {
    const { page } = studio();
    await page.evaluate(() => {
      const counted = window as unknown as { shifts: number };
      counted.shifts = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          counted.shifts += (entry as PerformanceEntry & { value: number }).value;
        }
      }).observe({ type: 'layout-shift' });
    });
    for (const screen of SCREENS) {
      await windowPage(page).goTo(screen);
      await page.waitForTimeout(200);
      await page.evaluate(() => ((window as unknown as { shifts: number }).shifts = 0));
      await page.waitForTimeout(1200);
      const shift = await page.evaluate(() => (window as unknown as { shifts: number }).shifts);
      expect(shift, screen).toBeLessThan(GOOD_SHIFT);
    }
  });

  it('moves nothing for longer than 120 ms, and nothing at all when the system asks for less motion', async () => {
    const { page } = studio();
    const longest = (): Promise<number> =>
      page.evaluate(() =>
        Math.max(
          0,
          ...[...document.querySelectorAll('*')].flatMap((element) => {
            const style = getComputedStyle(element);
            const moves = [
              style.transitionProperty === 'none' ? '0s' : style.transitionDuration,
              style.animationName === 'none' ? '0s' : style.animationDuration,
            ];
            return moves.flatMap((text) => text.split(',').map((part) => Number.parseFloat(part)));
          }),
        ),
      );
    for (const [reducedMotion, limitSec] of [
      ['no-preference', 0.12],
      ['reduce', 0.001],
    ] as const) {
      await page.emulateMedia({ reducedMotion });
      for (const screen of SCREENS) {
        await windowPage(page).goTo(screen);
        expect(await longest(), screen).toBeLessThanOrEqual(limitSec);
      }
    }
    await page.emulateMedia({ reducedMotion: 'no-preference' });
  });
});

describe.runIf(SHELL === 'browser')('a 4K screen whose system enlarges nothing', () => {
  let kitchen: Kitchen | null = null;
  const studio = useStudio(async () => (kitchen = await writeKitchen()));
  beforeAll(async () => {
    const { page } = studio();
    await page.setViewportSize({ width: 3840, height: 2160 });
    await page.reload();
    await page.getByTestId('nav-library').waitFor();
  });
  const barHeight = async (): Promise<number> =>
    (await studio().page.locator('header.bar').boundingBox())?.height ?? 0;

  it('shows everything half as large again, and a smaller window at its plain size', async () => {
    const { page } = studio();
    await expect.poll(barHeight).toBe(60);
    for (const screen of SCREENS) {
      await windowPage(page).goTo(screen);
      await page.waitForTimeout(400);
      expect(await faults(page), screen).toEqual([]);
    }
    for (const [width, height, high] of [
      [1280, 720, 40],
      [3440, 1440, 40],
      [3840, 2160, 60],
    ] as const) {
      await page.setViewportSize({ width, height });
      await expect.poll(barHeight, { message: `${width}` }).toBe(high);
    }
  });

  it('opens menus at their buttons', async () => {
    const { page } = studio();
    const button = page.getByTestId('project-menu');
    await button.click();
    const [anchor, list] = [await button.boundingBox(), await page.getByRole('menu').boundingBox()];
    expect(list!.x - anchor!.x).toBeCloseTo(0, 0);
    expect(list!.y - (anchor!.y + anchor!.height)).toBeCloseTo(6, 0);
    await page.keyboard.press('Escape');
  });

  it('marks where the pointer draws', async () => {
    const { page } = studio();
    const annotate = annotatePage(page);
    await annotate.open(kitchen!.videos[0]!.name);
    await annotate.showAll();
    await annotate.drag({ sec: 12.5, label: 'stir' }, { sec: 15.5, label: 'stir' });
    await expect.poll(async () => (await annotate.segments()).length).toBe(2);
    const made = (await annotate.segments()).at(-1)!;
    expect(made.startSec).toBeCloseTo(12.5, 0);
    expect(made.endSec).toBeCloseTo(15.5, 0);
  });

  it('moves the line between panels as far as the pointer', async () => {
    const { page } = studio();
    const line = page.getByRole('separator').first();
    const box = (await line.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 90, box.y + 200, { steps: 3 });
    await page.mouse.up();
    expect((await line.boundingBox())!.x - box.x).toBeCloseTo(90, -1);
  });
});
