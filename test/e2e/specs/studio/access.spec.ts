/** Every screen beside Library and Annotate without eyes: axe in all themes, and every control reached by Tab with a ring. */
import { beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../../fixtures/axe.ts';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { windowPage, type ScreenName } from '../../pages/window.ts';

const SCREENS = [
  'train',
  'review',
  'evaluate',
  'models',
  'settings',
] as const satisfies readonly ScreenName[];
const SECTIONS = ['general', 'keys', 'reaction', 'engines', 'labels', 'import', 'export', 'backups'] as const;

describe('the other screens without eyes and without a mouse', () => {
  const studio = useStudio(writeKitchen);
  beforeAll(() => studio().page.getByTestId('nav-library').waitFor());

  const show = async (screen: ScreenName): Promise<void> => {
    const { page } = studio();
    await windowPage(page).goTo(screen);
    await page.locator(`main[data-screen="${screen}"] :is(h1, h2)`).first().waitFor();
    if (screen === 'evaluate') {
      await page.getByTestId('evaluate-subset').selectOption('training');
      await page.getByTestId('figure-pr').locator('svg').last().waitFor();
    }
    if (screen === 'review') await page.getByTestId('candidate').waitFor();
    if (screen === 'train') {
      const expert = page.getByTestId('train-expert');
      if ((await expert.getAttribute('aria-expanded')) !== 'true') await expert.click();
    }
  };

  it.each(['dark', 'light', 'high-contrast'] as const)('axe finds nothing in the %s theme', async (theme) => {
    const { page } = studio();
    await windowPage(page).ask('settings.set', { theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor();
    const findings: string[] = [];
    const look = async (place: string): Promise<void> => {
      findings.push(...(await axeFindings(page, true)).map((line) => `${place}: ${line}`));
    };
    for (const screen of SCREENS) {
      await show(screen);
      await look(screen);
    }
    for (const section of SECTIONS) {
      await page.getByTestId(`settings-${section}`).click();
      await look(section);
    }
    await page.getByTestId('job-bar').getByRole('link').click();
    await page.locator('main[data-screen="jobs"] h1').waitFor();
    await look('jobs');
    for (const [keys, box] of [
      ['Control+k', 'palette'],
      ['?', 'shortcuts'],
    ] as const) {
      await page.keyboard.press(keys);
      await page.getByTestId(box).waitFor();
      await look(box);
      await page.keyboard.press('Escape');
      await page.getByTestId(box).waitFor({ state: 'detached' });
    }
    expect(findings).toEqual([]);
  });

  it('reaches every control by Tab, and shows where the focus is', async () => {
    const { page } = studio();
    for (const screen of SCREENS) {
      await show(screen);
      const wanted = await page.evaluate(() => {
        const controls = [
          ...document.querySelectorAll('main :is(button, a[href], input, select, [tabindex="0"])'),
        ];
        const shown = controls.filter(
          (control) => control.checkVisibility() && !control.matches(':disabled, [tabindex="-1"]'),
        );
        // One of a group of radio buttons has the focus for all.
        const names = new Set<string>();
        return shown.filter((control) => {
          const group = control instanceof HTMLInputElement && control.type === 'radio' ? control.name : '';
          const isNew = group === '' || !names.has(group);
          names.add(group);
          return isNew;
        }).length;
      });
      await page.locator('main').evaluate((main) => {
        main.setAttribute('tabindex', '-1');
        main.focus();
      });
      const seen = await page.evaluate(() => {
        (window as unknown as { seen: Set<Element> }).seen = new Set();
        return 0;
      });
      expect(seen).toBe(0);
      let rings = true;
      for (let step = 0; step < wanted + 4; step += 1) {
        await page.keyboard.press('Tab');
        rings &&= await page.evaluate(() => {
          const active = document.activeElement;
          if (active === null || active.closest('main') === null) return true;
          (window as unknown as { seen: Set<Element> }).seen.add(active);
          const { outlineStyle, outlineWidth } = getComputedStyle(active);
          return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
        });
      }
      expect(rings, screen).toBe(true);
      const reached = await page.evaluate(() => (window as unknown as { seen: Set<Element> }).seen.size);
      expect(reached, screen).toBeGreaterThanOrEqual(wanted);
    }
  });
});
