/**
 * The start screen: new project, sample, recent ones.
 */
import type { Locator, Page } from 'playwright-core';

/** What a person does on the start screen. */
export interface StartPage {
  readonly screen: Locator;
  readonly createProject: (name: string, folder: string) => Promise<void>;
  readonly openSample: () => Promise<void>;
  readonly recent: (name: string) => Locator;
}

/** Generating the sample's videos takes a while on a small machine. */
const SAMPLE_DEADLINE_MS = 120_000;

export function startPage(page: Page): StartPage {
  const screen = page.getByTestId('start');
  const library = page.getByTestId('nav-library');
  return {
    screen,
    createProject: async (name, folder) => {
      await screen.getByTestId('start-new').click();
      const box = page.getByTestId('new-project');
      await box.getByTestId('new-project-name').fill(name);
      await box.getByTestId('new-project-folder').fill(folder);
      await box.getByTestId('new-project-create').click();
      await library.waitFor();
    },
    openSample: async () => {
      await screen.getByTestId('start-sample').click();
      await library.waitFor({ timeout: SAMPLE_DEADLINE_MS });
    },
    recent: (name) => screen.getByRole('button', { name }),
  };
}
