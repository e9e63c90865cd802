/**
 * What every screen has around it: the bar with the screens, the line that says when the service is away, the calls behind it all.
 */
import type { Locator, Page } from 'playwright-core';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';

export type ScreenName =
  'library' | 'annotate' | 'train' | 'review' | 'evaluate' | 'models' | 'jobs' | 'settings';

/** The window around the screens. */
export interface WindowPage {
  readonly banner: Locator;
  readonly goTo: (screen: ScreenName) => Promise<void>;
  /** What the page itself would get from the service: for checking results, never for doing a person's work. */
  readonly ask: <K extends InvokeName>(name: K, args: InvokeInput<K>) => Promise<InvokeResults[K]>;
}

export function windowPage(page: Page): WindowPage {
  return {
    banner: page.getByTestId('banner'),
    goTo: async (screen) => {
      await page.getByTestId(`nav-${screen}`).click();
      await page.locator(`main[data-screen="${screen}"]`).waitFor();
    },
    ask: async (name, args) => {
      const given: readonly [string, unknown] = [name, args];
      const result: unknown = await page.evaluate(
        ([call, values]) =>
          (
            window as unknown as { studio: { invoke: (call: string, args: unknown) => Promise<unknown> } }
          ).studio.invoke(call, values),
        given,
      );
      return result as never;
    },
  };
}
