/** What the timeline shows beside segments, and moving about in it by mouse. */
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeTone } from '../../../../fixtures/videos/tone.ts';
import { RATE, useKitchen } from '../../../fixtures/kitchen.ts';
import { libraryPage } from '../../../pages/library.ts';
import { windowPage } from '../../../pages/window.ts';

/** Tops and heights of the bands, in pixels from the canvas's top. */
const OVERVIEW = { top: 0, height: 24 };
const RULER = { top: 24, height: 22 };
const FRAMES = { top: 57, height: 38 };
const WAVE = { top: 95, height: 26 };

describe('the timeline', () => {
  const { studio, annotate } = useKitchen();
  beforeEach(async () => {
    await annotate().press('Escape', 'Escape', 'Home');
    await annotate().showAll();
  });

  /** Different colours in a band, and how many of its pixels are not the band's background, by thirds of the width. */
  const painted = (band: { top: number; height: number }): Promise<{ colours: number; thirds: number[] }> =>
    studio().page.evaluate(({ top, height }) => {
      const canvas = document.querySelector<HTMLCanvasElement>('.canvases canvas');
      const context = canvas?.getContext('2d') ?? null;
      if (canvas === null || context === null) throw new Error('There is no canvas.');
      const ratio = window.devicePixelRatio;
      const { data, width } = context.getImageData(0, top * ratio, canvas.width, height * ratio);
      const colourAt = (i: number): number =>
        ((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
      const background = colourAt(0);
      const seen = new Set<number>();
      const thirds = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) {
        const colour = colourAt(i);
        seen.add(colour);
        const third = Math.floor((3 * ((i / 4) % width)) / width);
        if (colour !== background) thirds[third] = (thirds[third] ?? 0) + 1;
      }
      return { colours: seen.size, thirds };
    }, band);
  /** Clicks the ruler at a share of its width. @returns the frame under it */
  const frameAt = async (share: number): Promise<number> => {
    const box = await annotate().canvas.boundingBox();
    if (box === null) throw new Error('There is no canvas.');
    await studio().page.mouse.click(box.x + share * box.width, box.y + RULER.top + 10);
    return annotate().playhead();
  };

  it('shows pictures of the video along its time', async () => {
    await expect.poll(async () => (await painted(FRAMES)).colours).toBeGreaterThan(200);
    // From end to end.
    for (const third of (await painted(FRAMES)).thirds) expect(third).toBeGreaterThan(5000);
  });

  it('moves about: by the wheel, in the overview, and by the zoom over the ruler', async () => {
    const { page } = studio();
    await annotate().press('+', '+', '+', '+', '+', '+');
    const box = await annotate().canvas.boundingBox();
    if (box === null) throw new Error('There is no canvas.');
    const first = await frameAt(0.5);
    await page.mouse.move(box.x + box.width / 2, box.y + FRAMES.top + 10);
    await page.mouse.wheel(0, 300);
    const panned = await frameAt(0.5);
    expect(panned).toBeGreaterThan(first);
    await page.mouse.click(box.x + 0.8 * box.width, box.y + OVERVIEW.top + 12);
    expect(Math.abs((await frameAt(0.5)) - 0.8 * annotate().frameCount())).toBeLessThan(3);
    await page.mouse.move(box.x + box.width / 2, box.y + RULER.top + 10);
    for (let turn = 0; turn < 40; turn += 1) await page.mouse.wheel(0, 240);
    expect(await frameAt(0.999)).toBe(annotate().frameCount() - 1);
  });

  it('snaps to the playhead', async () => {
    await annotate().goTo('f20');
    // 0.12 s is nearer to the next frame.
    await annotate().drag({ sec: 1, label: 'pour' }, { sec: 20 / RATE + 0.12, label: 'pour' });
    const [made] = (await annotate().segments()).toSorted((a, b) => a.startSec - b.startSec);
    expect([made?.startSec, made?.endSec].map((sec) => Math.round((sec ?? 0) * RATE))).toEqual([6, 20]);
    await annotate().press('Control+z');
    await expect.poll(async () => (await annotate().segments()).length).toBe(1);
  });

  it('chooses several one by one, and moves them together', async () => {
    const { page } = studio();
    await annotate().drag({ sec: 1, label: 'pour' }, { sec: 3, label: 'pour' });
    await annotate().press('Escape');
    await annotate().click({ sec: 7, label: 'stir' });
    await page.keyboard.down('Control');
    await annotate().click({ sec: 2, label: 'pour' });
    await page.keyboard.up('Control');
    expect(await annotate().selected()).toHaveLength(2);
    await page.keyboard.down('Alt');
    await annotate().drag({ sec: 7, label: 'stir' }, { sec: 8, label: 'stir' });
    await page.keyboard.up('Alt');
    const starts = async (): Promise<readonly number[]> =>
      (await annotate().segments())
        .map(({ startSec }) => Math.round(startSec * RATE))
        .toSorted((a, b) => a - b);
    await expect.poll(starts).toEqual([2 * RATE, 7 * RATE]);
    await annotate().press('Control+z');
    await expect.poll(starts).toEqual([RATE, 6 * RATE]);
    await annotate().press('Control+z');
    await expect.poll(starts).toEqual([6 * RATE]);
  });

  it('shows the sound of a video that has some, and can be muted', async () => {
    const { page, folder } = studio();
    const file = path.join(folder, 'tone.mkv');
    await writeTone(file, 6);
    await windowPage(page).goTo('library');
    await libraryPage(page).addPaths([file]);
    await libraryPage(page).row('tone.mkv').waitFor();
    await annotate().open('tone.mkv');
    await annotate().showAll();
    // A tone, silence, a tone again.
    const loudness = async (): Promise<boolean> => {
      const [first = 0, second = 0, third = 0] = (await painted(WAVE)).thirds;
      return first > 3 * second && third > 3 * second && first > 100;
    };
    await expect.poll(loudness).toBe(true);
    await annotate().press('Control+m');
    await page.getByRole('button', { name: 'Sound on or off', pressed: true }).waitFor();
    expect(studio().complaints).toEqual([]);
  });
});
