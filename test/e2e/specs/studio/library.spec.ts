import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProject, openProject } from '#service/store/store';
import { newVideo } from '../../../behaviour/projectFixture.ts';
import { AWKWARD } from '../../../fixtures/videos/awkward.ts';
import { writeKitchen, type Kitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { SHELL } from '../../fixtures/studio.ts';
import { writeVideos } from '../../fixtures/videos.ts';
import { choose } from '../../pages/choosing.ts';
import { libraryPage } from '../../pages/library.ts';
import { windowPage } from '../../pages/window.ts';

/** A project without anything in it. */
function emptyProject(): { project: string } {
  const dir = path.join(temporaryFolder(), 'Küche');
  createProject(dir).close();
  return { project: dir };
}

describe('adding videos to the Library', () => {
  const studio = useStudio(emptyProject);

  it('takes a whole folder from the dialog, as long as nothing is there and afterwards', async () => {
    const { page, folder } = studio();
    const library = libraryPage(page);
    await library.open();
    for (const [round, name] of ['Monday', 'Tuesday'].entries()) {
      const dir = path.join(folder, name);
      // Longer than any that another round has written: the content must differ.
      await writeVideos(dir, 1, 10 + 5 * round);
      renameSync(path.join(dir, 'training-000.mp4'), path.join(dir, `${name}.mp4`));
      await choose(studio(), [dir], () => library.openFolderDialog());
      await library.row(`${name}.mp4`).waitFor();
    }
    expect(await library.rows.count()).toBe(2);
  });

  // The desktop knows where a dropped file lies; its own spec drops a real one.
  it.runIf(SHELL === 'browser')('answers files that are dropped with the dialog, and says why', async () => {
    const { page, folder } = studio();
    const library = libraryPage(page);
    const [video] = await writeVideos(path.join(folder, 'dropped'), 1, 24);
    await choose(studio(), [video?.file ?? ''], () => library.drop(video?.name ?? ''));
    await page.getByText('A browser does not say where a dropped file lies').waitFor();
    await library.row(video?.name ?? '').waitFor();
  });
});

describe('the Library of ten thousand videos', () => {
  const COUNT = 10_000;
  const studio = useStudio(() => {
    const { project } = emptyProject();
    const store = openProject(project);
    store.videos.add(
      Array.from({ length: COUNT }, (_, at) => ({
        ...newVideo(at),
        path: `/videos/video-${String(at).padStart(5, '0')}.mp4`,
      })),
    );
    store.close();
    return { project };
  });

  it('scrolls from end to end with a screenful of rows, and finds one of them', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await library.open();
    await page.getByText('10,000 videos').waitFor();
    await library.row('video-00000.mp4').waitFor();
    const list = page.locator('.library .scroll').first();
    for (const share of [0.25, 0.5, 0.75, 1]) {
      await list.evaluate((element, at) => (element.scrollTop = at * element.scrollHeight), share);
      const near = Math.min(COUNT - 1, Math.round(share * COUNT));
      const number = async (): Promise<number> =>
        Number(/\d+/.exec((await library.names()).at(-1) ?? '')?.[0]);
      await expect.poll(async () => Math.abs((await number()) - near)).toBeLessThan(60);
      expect(await library.rows.count()).toBeLessThan(80);
    }
    await library.row('video-09999.mp4').waitFor();
    await library.search('07321');
    await expect.poll(library.names).toEqual(['video-07321.mp4']);
  });
});

describe('the Library of a project with predictions', () => {
  let kitchen: Kitchen;
  const studio = useStudio(async () => {
    kitchen = await writeKitchen();
    return { project: kitchen.project };
  });
  const nameOf = (at: number): string => kitchen.videos[at]?.name ?? '';

  it('shows a picture of each video, and how far it is', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await library.open();
    await expect.poll(() => library.rows.count()).toBe(2);
    for (const at of [0, 1]) {
      await expect
        .poll(() =>
          library
            .row(nameOf(at))
            .locator('img')
            .evaluate((img) => (img as HTMLImageElement).naturalWidth),
        )
        .toBeGreaterThan(0);
    }
    const cells = await library.row(nameOf(0)).innerText();
    expect(cells).toMatch(/64×64 · 6 fps · h264/);
    // One segment, labelled nowhere from end to end, three predictions wait.
    expect(cells.split(/\s+/).join(' ')).toMatch(/h264 1 0 % 3/);
  });

  it('opens the menu of a video at its button', async ({ skip }) => {
    const { page } = studio();
    // The older Electron of the tests has no Popover (Chromium 114), which keeps a menu out of its row's coordinates.
    if (!(await page.evaluate(() => 'showPopover' in HTMLElement.prototype))) skip();
    const button = libraryPage(page).row(nameOf(1)).getByRole('button', { name: /^More/ });
    await button.click();
    const [menu, anchor] = [await page.getByRole('menu').boundingBox(), await button.boundingBox()];
    if (menu === null || anchor === null) throw new Error('There is no menu.');
    expect(menu.y - (anchor.y + anchor.height)).toBeGreaterThanOrEqual(0);
    expect(menu.y - (anchor.y + anchor.height)).toBeLessThan(8);
    expect(Math.abs(menu.x + menu.width - (anchor.x + anchor.width))).toBeLessThan(8);
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
  });

  it('finds what waits for review, and what is not labelled', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await library.filter('To review');
    await expect.poll(library.names).toEqual([nameOf(0)]);
    await library.filter('Not labelled');
    await expect.poll(library.names).toEqual([nameOf(1)]);
    await library.filter('All videos');
    await library.sort('To review');
    await page.getByRole('button', { name: /^(Smallest|Largest) first/ }).waitFor();
    await expect.poll(library.names).toHaveLength(2);
    const rising = await library.names();
    await page.getByRole('button', { name: /^(Smallest|Largest) first/ }).click();
    await expect.poll(library.names).toEqual(rising.toReversed());
  });
});

describe('the Library', () => {
  const studio = useStudio(emptyProject);

  it('says what to do while it is empty, adds a folder, and names the file that is no video', async () => {
    const { page, folder } = studio();
    const library = libraryPage(page);
    await library.open();
    await page.getByText('No videos yet').waitFor();
    const footage = path.join(folder, 'footage');
    await writeVideos(footage, 3, 20);
    const vfr = AWKWARD.find((video) => video.isVfr && video.file.endsWith('.mp4'));
    await vfr?.make(path.join(footage, 'phone.mp4'));
    writeFileSync(path.join(footage, 'broken.mp4'), 'not a video');
    await library.addPaths([footage]);
    await expect.poll(() => library.rows.count(), { timeout: 60_000 }).toBe(4);
    await page.getByText('1 file was not added').waitFor();
    await page.getByText('broken.mp4').first().waitFor();
    await library.row('phone.mp4').getByText('VFR').waitFor();
  });

  it('finds, sorts and filters', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await library.search('phone');
    await expect.poll(library.names).toEqual(['phone.mp4']);
    await library.search('nothing like it');
    await page.getByText('No video matches').waitFor();
    await page.getByRole('button', { name: 'Show all videos' }).click();
    await expect.poll(() => library.rows.count()).toBe(4);
    await library.sort('Duration');
    await expect.poll(async () => (await library.names())[0]).toBe('phone.mp4');
    await library.sort('Name');
    await library.filter('With problems');
    await expect.poll(library.names).toEqual(['phone.mp4']);
    await library.filter('All videos');
  });

  it('puts videos into splits, one by one and many at once', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    const { ask } = windowPage(page);
    await library.row('phone.mp4').getByLabel('Split').selectOption({ label: 'Testing' });
    await library.split('Testing');
    await expect.poll(library.names).toEqual(['phone.mp4']);
    await library.split('Any split');
    await expect.poll(() => library.rows.count()).toBe(4);
    const boxes = library.rows.getByRole('checkbox');
    await boxes.nth(0).click();
    await boxes.nth(2).click({ modifiers: ['Shift'] });
    await page.getByText('3 selected').waitFor();
    await page.locator('.bar').getByRole('button', { name: 'Split' }).click();
    await page.getByRole('menuitem', { name: 'Validation' }).click();
    await expect
      .poll(async () => (await ask('videos.list', { subset: 'validation' })).total)
      .toBeGreaterThanOrEqual(2);
    await page.keyboard.press('Control+z');
    await expect.poll(async () => (await ask('videos.list', { subset: 'validation' })).total).toBe(0);
  });

  it('removes videos after saying what goes with them', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await page.reload();
    await library.open();
    await library.row('phone.mp4').getByRole('checkbox').click();
    await page.locator('.bar').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByText('Remove 1 video?').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect.poll(() => library.rows.count()).toBe(3);
  });

  it('says which file has moved, and takes it back where it is now', async () => {
    const { page, folder } = studio();
    const library = libraryPage(page);
    const { ask } = windowPage(page);
    const [video] = (await ask('videos.list', {})).items;
    if (video === undefined) throw new Error('There is no video.');
    const elsewhere = path.join(folder, 'elsewhere.mp4');
    renameSync(video.path, elsewhere);
    await page.reload();
    await library.row(video.name).getByText('moved').waitFor();
    await library.addPaths([elsewhere]);
    await expect.poll(async () => (await ask('videos.get', { id: video.id })).path).toBe(elsewhere);
    await library.rows.getByText('moved').waitFor({ state: 'detached' });
    expect(studio().complaints.filter((text) => !/404|410/.test(text))).toEqual([]);
  });

  it('opens a video to annotate it', async () => {
    const { page } = studio();
    const library = libraryPage(page);
    await library.rows.getByRole('link').first().click();
    await page.locator('main[data-screen="annotate"]').waitFor();
    await page.locator('[data-testid=stage]:not([data-frame="-1"])').waitFor();
  });
});
