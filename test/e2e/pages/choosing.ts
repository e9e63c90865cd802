/**
 * Answers the "choose files" question in either shell: the studio's own dialog in the browser, the system's in the desktop program (answered beforehand,
 * because no test can click in it).
 */
import type { TestStudio } from '../fixtures/studio.ts';

/** Does what opens the question, and chooses these files or this folder. */
export async function choose(
  studio: TestStudio,
  paths: readonly string[],
  open: () => Promise<void>,
): Promise<void> {
  if (studio.electron !== null) {
    await studio.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [...chosen] });
    }, paths);
    await open();
    return;
  }
  await open();
  const box = studio.page.getByTestId('file-browser');
  const [first = ''] = paths;
  const folder = first.slice(0, first.lastIndexOf('/'));
  const files = paths.filter((path) => /\.\w+$/.test(path));
  const address = box.getByTestId('file-browser-path');
  // The first listing writes its folder into the field: typing before it comes would be overwritten.
  await studio.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-testid="file-browser-path"]')?.value !== '',
  );
  await address.fill(files.length === 0 ? first : folder);
  await address.press('Enter');
  for (const file of files) {
    await box.getByRole('button', { name: file.slice(file.lastIndexOf('/') + 1) }).click();
  }
  await box.getByTestId('file-browser-ok').click();
}
