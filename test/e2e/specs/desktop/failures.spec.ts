import type { ElectronApplication } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { startPage } from '../../pages/start.ts';
import { windowPage } from '../../pages/window.ts';

const SOON = { timeout: 20_000, interval: 50 };
/** Buttons of the question about a page that hangs. */
const RELOAD = 1;

/** What the spec keeps in main. */
interface Kept {
  readonly asked: { readonly message: string; readonly buttons: readonly string[] }[];
}

describe('a page that fails', () => {
  const studio = useStudio();
  const app = (): ElectronApplication => {
    const { electron } = studio();
    if (electron === null) throw new Error('This spec is for the desktop program.');
    return electron;
  };
  /** Questions are answered as a person would, and kept. */
  const answerWith = (response: number): Promise<void> =>
    app().evaluate(({ dialog }, answer) => {
      const kept: Kept = { asked: [] };
      Object.assign(globalThis, kept);
      dialog.showMessageBox = (...given: readonly unknown[]) => {
        kept.asked.push(given.at(-1) as Kept['asked'][number]);
        return Promise.resolve({ response: answer, checkboxChecked: false });
      };
    }, response);
  const asked = (): Promise<Kept['asked']> => app().evaluate(() => (globalThis as unknown as Kept).asked);
  /** What the page is now; Playwright gives a page up when its process dies, so main is asked. */
  const inPage = <T>(code: string): Promise<T> =>
    app().evaluate<T, string>(
      async ({ BrowserWindow }, text) =>
        (await BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(text)) as T,
      code,
    );
  /** A question to a page that is just being thrown away is never answered: it is asked again after a second. */
  const screenShown = (): Promise<string | null> =>
    Promise.race([
      inPage<string | null>('document.querySelector("main[data-screen]")?.dataset.screen ?? null').catch(
        () => null,
      ),
      new Promise<null>((resolve) => {
        setTimeout(() => resolve(null), 1000);
      }),
    ]);
  const untilShown = (screen: string): Promise<void> =>
    vi.waitFor(async () => expect(await screenShown()).toBe(screen), SOON);

  it('hangs: the person is asked, and the window comes back as it was', async () => {
    const { page, folder } = studio();
    await startPage(page).createProject('Hang', folder);
    await windowPage(page).goTo('models');
    await answerWith(RELOAD);
    // The page's thread really never returns. Chromium does not say so while a debugger is attached, as Playwright's is: main is told in its place.
    await app().evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0];
      void window?.webContents.executeJavaScript('for (;;);').catch(() => undefined);
      setTimeout(() => window?.emit('unresponsive'), 500);
    });
    await vi.waitFor(async () => expect(await asked()).toHaveLength(1), SOON);
    expect((await asked())[0]).toMatchObject({
      message: 'The window does not answer.',
      buttons: ['Wait', 'Reload the Window'],
    });
    await untilShown('models');
    expect(await inPage('studio.invoke("project.current", {})')).toMatchObject({ name: 'Hang' });
  });

  it('dies again and again: it is reloaded at first, then the person is asked before it goes round for ever', async () => {
    await answerWith(0);
    for (let death = 0; death < 12 && (await asked()).length === 0; death += 1) {
      await app().evaluate(async ({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        const gone = new Promise<void>((resolve) => contents?.once('render-process-gone', () => resolve()));
        contents?.forcefullyCrashRenderer();
        await gone;
      });
      // As soon as it is back, and before it has lived long enough to count as well.
      await vi.waitFor(async () => {
        const alive = await app().evaluate(({ BrowserWindow }) => {
          const contents = BrowserWindow.getAllWindows()[0]?.webContents;
          return contents !== undefined && !contents.isCrashed();
        });
        expect(alive).toBe(true);
      }, SOON);
    }
    expect((await asked()).map(({ buttons }) => buttons)).toEqual([['Reload the Window']]);
    expect((await asked())[0]?.message).toContain('The window keeps failing.');
    await untilShown('models');
  });
});
