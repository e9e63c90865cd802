/**
 * The Train screen: the form, the run and what came of it.
 */
import type { Locator, Page } from 'playwright-core';
import { windowPage } from './window.ts';

/** What a person does on the Train screen. */
export interface TrainPage {
  readonly open: () => Promise<void>;
  readonly start: Locator;
  readonly blockers: Locator;
  readonly run: Locator;
  readonly preview: Locator;
  readonly outcome: Locator;
  /** What is recommended and by how much. */
  readonly verdict: Locator;
  readonly aim: (aim: 'speed' | 'balanced' | 'accuracy') => Promise<void>;
  readonly limit: (text: string) => Promise<void>;
  /** Types values into the expert panel, by dotted name. */
  readonly setExpert: (values: Readonly<Record<string, number>>) => Promise<void>;
  readonly findSegments: Locator;
}

export function trainPage(page: Page): TrainPage {
  const setting = (name: string): Locator =>
    page
      .locator('label')
      .filter({ has: page.locator(`[title="${name}"]`) })
      .locator('input');
  return {
    open: () => windowPage(page).goTo('train'),
    start: page.getByTestId('train-start'),
    blockers: page.getByTestId('train-blockers'),
    run: page.getByTestId('train-run'),
    preview: page.getByTestId('train-preview'),
    outcome: page.getByTestId('train-outcome'),
    verdict: page.getByTestId('train-verdict'),
    aim: (aim) => page.getByTestId(`train-aim-${aim}`).click(),
    limit: async (text) => {
      await page.getByTestId('train-limit').selectOption({ label: text });
    },
    setExpert: async (values) => {
      const panel = page.getByTestId('train-expert');
      if ((await panel.getAttribute('aria-expanded')) !== 'true') await panel.click();
      for (const [name, value] of Object.entries(values)) {
        await setting(name).fill(String(value));
        await setting(name).press('Enter');
      }
    },
    findSegments: page.getByTestId('train-predict'),
  };
}
