import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProject } from '#service/store/store';
import { AWKWARD } from '../../../fixtures/videos/awkward.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { writeVideos } from '../../fixtures/videos.ts';
import { libraryPage } from '../../pages/library.ts';
import { windowPage } from '../../pages/window.ts';

describe('the Library', () => {
  const studio = useStudio(() => {
    const dir = path.join(mkdtempSync(path.join(os.tmpdir(), 'lofi e2e ü-')), 'Küche');
    createProject(dir).close();
    return { project: dir };
  });

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
