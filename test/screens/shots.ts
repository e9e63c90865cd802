/**
 * Which pictures are made: each screen in each state that a person meets, and how to get there.
 */
import type { Page } from 'playwright-core';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';

/** A page with the studio in it. */
export interface Stage {
  readonly page: Page;
  readonly ask: <K extends InvokeName>(name: K, args: InvokeInput<K>) => Promise<InvokeResults[K]>;
  /** Shows a screen, e.g. `settings/keys`. */
  readonly show: (address: string) => Promise<void>;
}

/** One picture: its name and what leads to it. */
export interface Shot {
  readonly name: string;
  readonly prepare: (stage: Stage) => Promise<void>;
}

const screen =
  (address: string, ready = 'main h1, main h2') =>
  async ({ show, page }: Stage): Promise<void> => {
    await show(address);
    await page.locator(ready).first().waitFor({ state: 'attached' });
  };

/** Of a project that has nothing in it. */
export const EMPTY_SHOTS: readonly Shot[] = (
  ['library', 'annotate', 'train', 'review', 'evaluate', 'models', 'jobs'] as const
).map((name) => ({ name: `${name}-empty`, prepare: screen(name) }));

/** Before any project is open. */
export const START_SHOTS: readonly Shot[] = [
  {
    name: 'start',
    prepare: async ({ page }) => page.getByTestId('start').waitFor(),
  },
];

/** Annotate with the first testing video, its exact first frame shown. */
async function openVideo({ page, ask, show }: Stage): Promise<void> {
  const { items } = await ask('videos.list', { subset: 'testing' });
  await show(`annotate/${items[0]?.id ?? ''}`);
  await page.locator('[data-testid=stage]:not([data-frame="-1"])').waitFor();
}

/** Of a project with videos, labels, models and predictions. */
export const FULL_SHOTS: readonly Shot[] = [
  { name: 'library', prepare: screen('library', '[data-testid=video-row] img') },
  {
    name: 'annotate',
    prepare: async (stage) => {
      await openVideo(stage);
      await stage.page.keyboard.press('Tab');
      await stage.page.keyboard.press('Tab');
      await stage.page.getByTestId('segment-panel').waitFor();
    },
  },
  ...(['list', 'labels', 'history'] as const).map((tab) => ({
    name: `annotate-${tab}`,
    prepare: async (stage: Stage) => {
      await openVideo(stage);
      await stage.page.getByTestId(`tab-${tab}`).click();
    },
  })),
  { name: 'train', prepare: screen('train', '[data-testid=train-start]') },
  {
    name: 'train-expert',
    prepare: async (stage) => {
      await screen('train', '[data-testid=train-start]')(stage);
      await stage.page.getByTestId('train-expert').click();
    },
  },
  {
    name: 'review',
    prepare: async (stage) => {
      await screen('review', '[data-testid=candidate]')(stage);
      await stage.page.locator('[data-testid=stage]:not([data-frame="-1"])').waitFor();
      await stage.page.waitForTimeout(600);
      await stage.page.keyboard.press('k');
    },
  },
  {
    name: 'evaluate',
    prepare: async (stage) => {
      await screen('evaluate', '[data-testid=figure-offsets] svg')(stage);
      await stage.page.locator('[data-testid=evaluate] select').nth(1).selectOption({ index: 1 });
      await stage.page.locator('[data-testid=clips] img').first().waitFor();
    },
  },
  {
    name: 'evaluate-clips',
    prepare: async (stage) => {
      await screen('evaluate', '[data-testid=figure-offsets] svg')(stage);
      await stage.page.getByTestId('clips-choice').selectOption('error:localization');
    },
  },
  {
    name: 'models',
    prepare: async (stage) => {
      await screen('models', '[data-testid=model]')(stage);
      for (const box of (await stage.page.locator('[data-testid=model] input').all()).slice(0, 2))
        await box.check();
      await stage.page.getByTestId('model-comparison').waitFor();
    },
  },
  {
    name: 'models-delete',
    prepare: async (stage) => {
      await screen('models', '[data-testid=model]')(stage);
      await stage.page.locator('[data-testid=model]').first().locator('button').last().click();
      await stage.page.getByTestId('model-delete').waitFor();
    },
  },
  ...(['general', 'keys', 'reaction', 'engines', 'labels', 'import', 'export', 'backups'] as const).map(
    (name) => ({
      name: `settings-${name}`,
      prepare: screen(`settings/${name}`, '#settings-section'),
    }),
  ),
  {
    name: 'palette',
    prepare: async (stage) => {
      await screen('library')(stage);
      await stage.page.keyboard.press('Control+k');
      await stage.page.getByTestId('palette-input').waitFor();
    },
  },
  {
    name: 'shortcuts',
    prepare: async (stage) => {
      await screen('library')(stage);
      await stage.page.keyboard.press('?');
      await stage.page.getByTestId('shortcuts').waitFor();
    },
  },
];

/** Made at 2560 × 1440, too. */
export const WIDE_SHOTS: ReadonlySet<string> = new Set([
  'annotate',
  'review',
  'evaluate',
  'train',
  'library',
]);
