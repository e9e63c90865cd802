import { describe, expect, it } from 'vitest';
import { axeFindings } from '../../../fixtures/axe.ts';
import { useKitchen } from '../../../fixtures/kitchen.ts';
import { libraryPage } from '../../../pages/library.ts';
import { windowPage } from '../../../pages/window.ts';

const THEMES = ['dark', 'light', 'high-contrast'] as const;

describe('Library and Annotate without eyes and without a mouse', () => {
  const { studio, annotate, videoName } = useKitchen();

  it.each(THEMES)('axe finds nothing in the %s theme', async (theme) => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await ask('settings.set', { theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor();
    await libraryPage(page).open();
    await libraryPage(page).rows.first().waitFor();
    expect(await axeFindings(page, true)).toEqual([]);
    await annotate().open(videoName(0));
    await annotate().press('Tab', 'Tab');
    for (const tab of ['segment', 'list', 'labels', 'history'] as const) {
      await annotate().tab(tab);
      expect(await axeFindings(page, true), tab).toEqual([]);
    }
    await annotate().tab('segment');
  });

  it('says by a list what the canvas shows, and selects from it', async () => {
    const { page } = studio();
    const list = page.getByTestId('timeline-list');
    expect(await list.getByRole('button').allTextContents()).toEqual([
      expect.stringContaining('stir, from 00:06.000 to 00:09.000, 3.0 s'),
      expect.stringContaining('Prediction pour, confidence 62'),
      expect.stringContaining('Prediction cut, confidence 81'),
      expect.stringContaining('Prediction cut, confidence 31'),
    ]);
    await list.getByRole('button').first().focus();
    await page.keyboard.press('Enter');
    expect(await annotate().playhead()).toBe(36);
    expect(await annotate().selected()).toEqual([expect.stringContaining('stir')]);
  });

  it('shows where the focus is, wherever F6 and Tab lead', async () => {
    const { page } = studio();
    const seen = new Set<string>();
    for (let step = 0; step < 6; step += 1) {
      await page.keyboard.press('F6');
      const focused = await page.evaluate(() => {
        const active = document.activeElement;
        if (active === null || active === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(active);
        const region = active.closest('header, [data-region], aside, footer');
        return {
          ring: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
          region: region?.getAttribute('data-region') ?? region?.tagName.toLowerCase() ?? '',
        };
      });
      expect(focused).not.toBeNull();
      expect(focused?.ring).toBe(true);
      seen.add(focused?.region ?? '');
    }
    expect(seen.size).toBeGreaterThanOrEqual(4);
  });
});
