import { beforeEach, describe, expect, it } from 'vitest';
import { RATE, useKitchen } from '../../../fixtures/kitchen.ts';
import { windowPage } from '../../../pages/window.ts';

describe('annotating by mouse', () => {
  const { studio, annotate } = useKitchen();
  beforeEach(async () => {
    await annotate().press('Escape', 'Escape', 'Escape');
    await annotate().showAll();
  });

  const edges = async (label: string): Promise<readonly (readonly [number, number])[]> => {
    const { ask } = windowPage(studio().page);
    const id = (await ask('labels.list', {})).find((one) => one.name === label)?.id;
    const segments = await annotate().segments();
    return segments
      .filter((segment) => segment.labelId === id)
      .map(({ startSec, endSec }) => [Math.round(startSec * RATE), Math.round(endSec * RATE)] as const);
  };

  it('makes a segment by dragging over a track, and shows the frame of the edge meanwhile', async () => {
    await annotate().drag({ sec: 2, label: 'pour' }, { sec: 4, label: 'pour' }, async () => {
      // The last frame inside, not the playhead's.
      await annotate().showsFrame(4 * RATE - 1);
      await studio().page.getByText('edge: frame 23').waitFor();
    });
    expect(await edges('pour')).toEqual([[12, 24]]);
    expect(await annotate().selected()).toHaveLength(1);
  });

  it('moves an edge', async () => {
    await annotate().drag({ sec: 4, label: 'pour' }, { sec: 5, label: 'pour' }, () =>
      annotate().showsFrame(29),
    );
    expect(await edges('pour')).toEqual([[12, 30]]);
  });

  it('moves a segment in time and to another track, as one step', async () => {
    await annotate().drag({ sec: 3, label: 'pour' }, { sec: 4, label: 'cut' });
    expect(await edges('pour')).toEqual([]);
    expect(await edges('cut')).toEqual([[18, 36]]);
    await annotate().press('Control+z');
    await expect.poll(() => edges('pour')).toEqual([[12, 30]]);
    expect(await edges('cut')).toEqual([]);
  });

  it('gives a drag up at Escape', async () => {
    await annotate().drag({ sec: 3, label: 'pour' }, { sec: 6, label: 'pour' }, () =>
      annotate().press('Escape'),
    );
    expect(await edges('pour')).toEqual([[12, 30]]);
  });

  it('snaps to neighbours and to the model’s boundaries, and with Alt to frames only', async () => {
    const { keyboard } = studio().page;
    // 0.12 s is nearer to the next frame, but within reach of the end of “stir” at 9 s.
    await annotate().drag({ sec: 7.5, label: 'pour' }, { sec: 9.12, label: 'pour' });
    expect(await edges('pour')).toContainEqual([45, 54]);
    await annotate().drag({ sec: 12.5, label: 'pour' }, { sec: 14.12, label: 'pour' });
    expect(await edges('pour')).toContainEqual([75, 84]);
    await keyboard.down('Alt');
    await annotate().drag({ sec: 17.5, label: 'pour' }, { sec: 16.12, label: 'pour' });
    await keyboard.up('Alt');
    expect(await edges('pour')).toContainEqual([97, 105]);
    await annotate().press('Control+z', 'Control+z', 'Control+z');
    await expect.poll(() => edges('pour')).toEqual([[12, 30]]);
  });

  it('moves the view on while an edge is dragged past its end', async () => {
    const { page } = studio();
    await annotate().press('Home', '+', '+', '+', '+', '+', '+');
    const box = await annotate().canvas.boundingBox();
    const { y } = await annotate().at({ sec: 0, label: 'cut' });
    if (box === null) throw new Error('There is no canvas.');
    await page.mouse.move(box.x + 200, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 3, y, { steps: 5 });
    // Less than two seconds are in view at this zoom.
    await expect
      .poll(async () => Number(await annotate().stage.getAttribute('data-frame')), { timeout: 20_000 })
      .toBeGreaterThan(4 * RATE);
    await page.mouse.up();
    const [made] = await edges('cut');
    expect((made?.[1] ?? 0) - (made?.[0] ?? 0)).toBeGreaterThan(3 * RATE);
    await annotate().press('Delete');
    await expect.poll(() => edges('cut')).toEqual([]);
  });

  it('zooms at the pointer', async () => {
    const { page } = studio();
    const { x, y } = await annotate().at({ sec: 13, label: 'cut' });
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    for (let turn = 0; turn < 6; turn += 1) await page.mouse.wheel(0, -120);
    await page.keyboard.up('Control');
    await page.mouse.click(x, y);
    expect(await annotate().playhead()).toBe(13 * RATE);
  });

  it('chooses several by a rectangle and deletes them in one step', async () => {
    const { page } = studio();
    const before = await annotate().segments();
    await page.keyboard.down('Shift');
    await annotate().drag({ sec: 1, label: 'pour' }, { sec: 9.5, label: 'stir' });
    await page.keyboard.up('Shift');
    expect(await annotate().selected()).toHaveLength(2);
    await annotate().press('Delete');
    await expect.poll(() => annotate().segments()).toEqual([]);
    await annotate().press('Control+z');
    await expect.poll(async () => (await annotate().segments()).length).toBe(before.length);
  });

  it('says by a drag what is fully labelled, and takes it back from inside', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const box = await annotate().canvas.boundingBox();
    const covered = async (): Promise<number> => {
      const { items } = await ask('videos.list', {});
      return Math.round((items[0]?.coveredShare ?? 0) * 100);
    };
    const [from, to] = [
      await annotate().at({ sec: 0, label: 'cut' }),
      await annotate().at({ sec: 10, label: 'cut' }),
    ];
    const y = (box?.y ?? 0) + 24 + 22 + 5;
    const drag = async (left: number, right: number): Promise<void> => {
      await page.mouse.move(left, y);
      await page.mouse.down();
      await page.mouse.move(right, y, { steps: 5 });
      await page.mouse.up();
    };
    await drag(from.x, to.x);
    await expect.poll(covered).toBeGreaterThan(40);
    await drag(from.x + 20, to.x + 60);
    await expect.poll(covered).toBeLessThan(5);
  });

  it('plays a segment that is double-clicked, once', async () => {
    const { page } = studio();
    const { x, y } = await annotate().at({ sec: 7, label: 'stir' });
    await page.mouse.dblclick(x, y);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    expect(await annotate().playhead()).toBe(9 * RATE - 1);
  });

  it('orders tracks by dragging their headings, folds them, and shows what the model thinks', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const order = async (): Promise<readonly string[]> =>
      [...(await ask('labels.list', {}))].sort((a, b) => a.order - b.order).map((label) => label.name);
    const [pour, cut] = [
      await page.getByTestId('track-pour').boundingBox(),
      await page.getByTestId('track-cut').boundingBox(),
    ];
    if (pour === null || cut === null) throw new Error('The tracks are not there.');
    await page.mouse.move(cut.x + 40, cut.y + 10);
    await page.mouse.down();
    await page.mouse.move(pour.x + 40, pour.y + 8, { steps: 5 });
    await page.mouse.up();
    await expect.poll(order).toEqual(['cut', 'pour', 'stir']);
    await annotate().press('Control+z');
    await expect.poll(order).toEqual(['pour', 'stir', 'cut']);

    await page.getByTestId('track-cut').click();
    await annotate().goTo('15');
    expect(await page.getByTestId('score-legend').textContent()).toMatch(/cut\s*80/);
    await page.getByTestId('show-scores').click();
    await page.getByTestId('score-legend').waitFor({ state: 'detached' });
    await page.getByTestId('show-scores').click();

    await page.getByRole('button', { name: 'Fold cut' }).click();
    await page.getByRole('button', { name: 'Unfold cut' }).click();
    expect(studio().complaints).toEqual([]);
  });
});
