/** What opens over the screens, without eyes: menus, dialogs, the start screen, in every theme. */
import { beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../../fixtures/axe.ts';
import { writeKitchen, type Kitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { SHELL } from '../../fixtures/studio.ts';
import { annotatePage } from '../../pages/annotate.ts';
import { startPage } from '../../pages/start.ts';
import { windowPage } from '../../pages/window.ts';

describe('menus and dialogs without eyes', () => {
  let kitchen: Kitchen;
  const studio = useStudio(async () => {
    kitchen = await writeKitchen();
    return { project: kitchen.project };
  });
  beforeAll(() => studio().page.getByTestId('nav-library').waitFor());

  it.each(['dark', 'light', 'high-contrast'] as const)('axe finds nothing in the %s theme', async (theme) => {
    const { page } = studio();
    const { ask, goTo } = windowPage(page);
    await ask('settings.set', { theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor();
    const findings: string[] = [];
    /** Looks at what lies on top, and closes it by Escape. */
    const look = async (name: string, role: 'menu' | 'dialog'): Promise<void> => {
      const top = page.getByRole(role).last();
      await top.waitFor();
      findings.push(...(await axeFindings(page, true)).map((line) => `${name}: ${line}`));
      await page.keyboard.press('Escape');
      await top.waitFor({ state: 'detached' });
    };

    await goTo('library');
    await page.getByTestId('project-menu').click();
    await look('project', 'menu');
    const row = page.getByTestId('video-row').first();
    await row.getByRole('button', { name: /^More/ }).click();
    await look('a video', 'menu');
    await page.getByTestId('add-menu').click();
    await look('add', 'menu');
    await page.getByTestId('add-menu').click();
    await page.getByRole('menuitem', { name: 'Add by path' }).click();
    await look('paths', 'dialog');
    if (SHELL === 'browser') {
      await page.getByTestId('add-menu').click();
      await page.getByRole('menuitem', { name: 'Add folder' }).click();
      await page.getByTestId('file-browser').getByRole('listitem').first().waitFor();
      await look('files', 'dialog');
    }
    await row.getByRole('checkbox').click();
    await page.locator('.bar').getByRole('button', { name: 'Split' }).click();
    await look('split', 'menu');
    await page.locator('.bar').getByRole('button', { name: 'Remove' }).click();
    await look('remove', 'dialog');
    await row.getByRole('checkbox').click();

    const annotate = annotatePage(page);
    await annotate.open(kitchen.videos[0]?.name ?? '');
    await page.getByRole('button', { name: /^Speed/ }).click();
    await look('speed', 'menu');
    await annotate.press('/');
    await look('label by name', 'dialog');
    await annotate.tab('labels');
    const labels = page.getByTestId('labels-panel');
    await labels.getByRole('button', { name: 'More' }).nth(1).click();
    findings.push(...(await axeFindings(page, true)).map((line) => `a label: ${line}`));
    await labels.getByRole('button', { name: 'Delete label' }).click();
    await look('delete a label', 'dialog');

    await goTo('models');
    await page.getByTestId('model').getByRole('button', { name: 'Delete' }).click();
    await look('delete a model', 'dialog');

    await ask('project.close', {});
    const start = startPage(page);
    await start.screen.waitFor();
    findings.push(...(await axeFindings(page, true)).map((line) => `start: ${line}`));
    await page.getByTestId('start-new').click();
    await look('new project', 'dialog');
    await ask('project.open', { dir: kitchen.project });
    await page.getByTestId('nav-library').waitFor();
    expect(findings).toEqual([]);
  });
});
