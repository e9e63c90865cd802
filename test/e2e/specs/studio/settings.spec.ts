/** Settings, the palette and the shortcut sheet: what is changed there takes effect at once and stays. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeKitchen, type Kitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { choose } from '../../pages/choosing.ts';
import { windowPage } from '../../pages/window.ts';

describe('settings', () => {
  let kitchen: Kitchen;
  const studio = useStudio(async () => {
    kitchen = await writeKitchen();
    return { project: kitchen.project };
  });
  const section = async (name: string): Promise<void> => {
    await windowPage(studio().page).goTo('settings');
    await studio().page.getByTestId(`settings-${name}`).click();
  };
  beforeAll(() => studio().page.getByTestId('nav-library').waitFor());
  beforeEach(() => studio().page.keyboard.press('Escape'));

  it('changes language and theme at once, and keeps them', async () => {
    const { page } = studio();
    await section('general');
    await page.getByTestId('settings-language').selectOption('zh-CN');
    await page.getByTestId('nav-train').getByText('训练').waitFor();
    await page.getByTestId('settings-theme').selectOption('light');
    await page.locator('html[data-theme="light"][lang="zh-CN"]').waitFor();
    await page.reload();
    await page.locator('html[data-theme="light"][lang="zh-CN"]').waitFor();
    await section('general');
    await page.getByTestId('settings-language').selectOption('en');
    await page.getByTestId('settings-theme').selectOption('high-contrast');
    await page.locator('html[data-theme="high-contrast"][lang="en"]').waitFor();
    await page.getByTestId('settings-theme').selectOption('dark');
  });

  it('follows the theme of the system when it is told to', async () => {
    const { page } = studio();
    await section('general');
    await page.getByTestId('settings-theme').selectOption('system');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('html[data-theme="light"]').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html[data-theme="dark"]').waitFor();
    await page.emulateMedia({ contrast: 'more' });
    await page.locator('html[data-theme="high-contrast"]').waitFor();
    await page.emulateMedia({ contrast: 'no-preference' });
    await page.getByTestId('settings-theme').selectOption('dark');
  });

  it('measures the reaction time of five tries, and does without it', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const reaction = async (): Promise<number> => (await ask('settings.get', {})).reactionTimeMs;
    await ask('settings.set', { reactionTimeMs: 0 });
    await section('reaction');
    const field = page.getByTestId('reaction-field');
    await field.click();
    await field.getByText('Wait …').waitFor();
    await page.keyboard.press('Enter');
    await field.getByText('Too early. Again.').waitFor();
    // Somebody who presses 150 ms after the field has changed: in the page, so that a slow test process is not taken for a slow hand.
    await field.evaluate(async (element) => {
      const next = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
      for (let tries = 0; tries < 5; tries += 1) {
        while (!element.classList.contains('now')) await next();
        await new Promise((resolve) => setTimeout(resolve, 150));
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        await next();
      }
    });
    await expect.poll(reaction).toBeGreaterThan(100);
    expect(await reaction()).toBeLessThan(2000);
    await page.getByTestId('reaction-off').click();
    await expect.poll(reaction).toBe(0);
    await page.getByTestId('reaction-off').waitFor({ state: 'detached' });
  });

  it('refuses a step that is no length of time, in words', async () => {
    const { page } = studio();
    await section('general');
    await page.getByTestId('settings-step').fill('soon');
    await page.keyboard.press('Enter');
    await page.getByText('A number from 0.01 to 600').waitFor();
    await page.getByTestId('settings-step').fill('2.5');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await windowPage(page).ask('settings.get', {})).stepSeconds).toBe(2.5);
  });

  it.each(['nle', 'boris', 'elan', 'via'] as const)(
    'has no clash of keys in the profile %s',
    async (profile) => {
      const { page } = studio();
      await section('keys');
      await page.getByTestId('settings-profile').selectOption(profile);
      await expect
        .poll(async () => (await windowPage(page).ask('settings.get', {})).keyProfile)
        .toBe(profile);
      expect(await page.getByText(/also does:/).count()).toBe(0);
    },
  );

  it('gives an action another key, warns of a clash, and takes it back', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await section('keys');
    await page.getByTestId('settings-profile').selectOption('nle');
    const key = page.getByTestId('key-go.jobs');
    await key.click();
    await page.keyboard.press('Control+z');
    await page.getByText('Ctrl+Z also does: Undo').waitFor();
    await page.getByText('1 key does two things').waitFor();
    await key.click();
    await page.keyboard.press('Alt+j');
    await expect.poll(async () => (await ask('settings.get', {})).keys).toEqual({ 'go.jobs': 'Alt+j' });
    expect(await page.getByText(/also does:/).count()).toBe(0);
    await page.keyboard.press('Alt+j');
    await page.locator('main[data-screen="jobs"]').waitFor();
    await section('keys');
    await page.getByRole('button', { name: 'Profile’s own' }).click();
    await expect.poll(async () => (await ask('settings.get', {})).keys).toEqual({});
  });

  it('lists engines with reasons, tests one, and takes another', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await section('engines');
    for (const engine of await ask('engines.list', {})) {
      const row = page.getByTestId(`engine-${engine.name}`);
      await row.getByText(engine.title).waitFor();
      if (!engine.available) {
        await row.getByText(engine.reason ?? 'a reason').waitFor();
        expect(await row.getByRole('radio').isDisabled()).toBe(true);
      }
    }
    await page.getByTestId('engine-test-tfjs').click();
    await page.getByTestId('engine-tfjs').getByText('Self-test passed').waitFor({ timeout: 100_000 });
    await page.getByTestId('engine-tfjs').getByRole('radio').check();
    await expect.poll(async () => (await ask('settings.get', {})).engine).toBe('tfjs');
    await page
      .getByTestId('engines')
      .getByRole('radio', { name: /Automatic/ })
      .check();
    await expect.poll(async () => (await ask('settings.get', {})).engine).toBe('auto');
  });

  it('edits labels, and says what deleting one takes along', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await section('labels');
    await page.getByTestId('label-add').fill('peel');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await ask('labels.list', {})).map(({ name }) => name)).toContain('peel');
    await page.getByTestId('labels-panel').getByRole('button', { name: 'More' }).nth(1).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog')
      .getByText(/1 segment/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await ask('labels.list', {})).map(({ name }) => name)).toContain('stir');
  });

  it('shows what an import would bring, brings it, and takes it back in one step', async () => {
    const { page, folder } = studio();
    const { ask } = windowPage(page);
    const segments = async (): Promise<number> => (await ask('project.current', {}))?.segmentCount ?? 0;
    const before = await segments();
    const [video] = kitchen.videos;
    const file = path.join(folder, 'found.csv');
    const name = path.basename(video?.name ?? '', '.mp4');
    writeFileSync(file, `video,label,start,end\n${name},pour,1,2\n${name},grate,3,4.5\nelsewhere,pour,0,1\n`);
    await section('import');
    await choose(studio(), [file], () => page.getByTestId('import-choose').click());
    const report = page.getByTestId('import-report');
    await report.getByText('1: elsewhere').waitFor();
    await report.getByText('grate').waitFor();
    expect(await segments()).toBe(before);
    await page.getByTestId('import-run').getByText('Import 2 segments').click();
    await expect.poll(segments).toBe(before + 2);
    await page.getByText('2 segments imported').waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(segments).toBe(before);
  });

  it('finds any action in the palette, and closes at one Escape', async () => {
    const { page } = studio();
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette-input').fill('go mod');
    await page.keyboard.press('Enter');
    await page.locator('main[data-screen="models"]').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette-input').fill('undo');
    await page.keyboard.press('Escape');
    await page.getByTestId('palette').waitFor({ state: 'detached' });
  });

  it('shows all keys of the profile on one sheet', async () => {
    const { page } = studio();
    await page.keyboard.press('?');
    const sheet = page.getByTestId('shortcuts');
    await sheet.getByText('Profile: Editing suite').waitFor();
    for (const place of ['Player', 'Annotate', 'Review', 'Everywhere'])
      await sheet.getByRole('heading', { name: place, exact: true }).waitFor();
    // None is pushed out of the sheet.
    const wide = await sheet
      .locator('.body')
      .evaluate((body) => [body.scrollWidth <= body.clientWidth, body.clientWidth] as const);
    expect(wide[0], `${wide[1]} px`).toBe(true);
    await sheet.getByRole('textbox').fill('split');
    await expect
      .poll(() => sheet.locator('dt').allTextContents())
      .toEqual([expect.stringMatching(/[Ss]plit/)]);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  it('lists backups, and goes back to one after asking', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await section('backups');
    const [backup] = await ask('project.backups', {});
    if (backup === undefined) {
      await page.getByText('No backups yet.').waitFor();
      return;
    }
    await page.getByTestId('backups').getByRole('button', { name: 'Go back to this' }).first().click();
    await page.getByTestId('backup-restore').click();
    await page.getByText(/^The project is as it was/).waitFor();
  });
});
