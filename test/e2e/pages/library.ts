/**
 * The Library: what a person finds, chooses and adds there.
 */
import type { Locator, Page } from 'playwright-core';
import { windowPage } from './window.ts';

/** What a person does in the Library. */
export interface LibraryPage {
  readonly open: () => Promise<void>;
  readonly rows: Locator;
  readonly row: (name: string) => Locator;
  /** Names of the rows on the screen, from the top. */
  readonly names: () => Promise<readonly string[]>;
  readonly search: (text: string) => Promise<void>;
  readonly filter: (name: string) => Promise<void>;
  readonly split: (name: string) => Promise<void>;
  readonly sort: (name: string) => Promise<void>;
  readonly addPaths: (paths: readonly string[]) => Promise<void>;
  readonly openFolderDialog: () => Promise<void>;
  /** Drops a file as a browser hands it over: a name and content, no place on the disk. */
  readonly drop: (name: string) => Promise<void>;
}

export function libraryPage(page: Page): LibraryPage {
  const rows = page.getByTestId('video-row');
  const choose = async (label: string, name: string): Promise<void> => {
    await page.locator('.bar').getByLabel(label, { exact: true }).selectOption({ label: name });
  };
  return {
    open: () => windowPage(page).goTo('library'),
    rows,
    row: (name) => rows.filter({ has: page.getByRole('link', { name, exact: true }) }),
    names: () => rows.getByRole('link').allTextContents(),
    search: async (text) => {
      await page.getByPlaceholder('Find videos').fill(text);
    },
    filter: (name) => choose('Show', name),
    split: (name) => choose('Split', name),
    sort: (name) => choose('Sort', name),
    addPaths: async (paths) => {
      if (await page.getByTestId('add-paths').isVisible()) {
        await page.getByTestId('add-paths').click();
      } else {
        await page.getByTestId('add-menu').click();
        await page.getByRole('menuitem', { name: 'Add by path' }).click();
      }
      await page.getByTestId('paths').fill(paths.join('\n'));
      await page.getByTestId('paths-add').click();
    },
    openFolderDialog: async () => {
      const button = page.getByRole('button', { name: 'Add folder' });
      if (await button.isVisible()) {
        await button.click();
      } else {
        await page.getByTestId('add-menu').click();
        await page.getByRole('menuitem', { name: 'Add folder' }).click();
      }
    },
    drop: async (name) => {
      const dataTransfer = await page.evaluateHandle((file) => {
        const dropped = new DataTransfer();
        dropped.items.add(new File(['content'], file, { type: 'video/mp4' }));
        return dropped;
      }, name);
      const zone = page.locator('main[data-screen="library"] .library');
      await zone.dispatchEvent('dragover', { dataTransfer });
      await page.locator('.library.dropping').waitFor();
      await zone.dispatchEvent('drop', { dataTransfer });
    },
  };
}
