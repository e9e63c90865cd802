import { beforeAll, describe, expect, it } from 'vitest';
import { RATE, useKitchen } from '../../../fixtures/kitchen.ts';
import { windowPage } from '../../../pages/window.ts';

describe('the service is killed while a segment is dragged', () => {
  const { studio, annotate } = useKitchen();
  beforeAll(() => annotate().showAll());

  it('says so, comes back, and neither what was acknowledged nor the drag itself is lost', async () => {
    const { page } = studio();
    const { banner } = windowPage(page);
    await annotate().drag({ sec: 1, label: 'pour' }, { sec: 3, label: 'pour' });
    const before = await annotate().segments();
    expect(before).toHaveLength(2);

    await annotate().drag({ sec: 2, label: 'pour' }, { sec: 4, label: 'pour' }, async () => {
      await studio().killService();
      await banner.getByText(/./).waitFor();
    });
    // Let go while nobody is there: the segment already lies where it was put, and stays there.
    expect(await annotate().selected()).toEqual([
      expect.stringMatching(/pour, from 00:03\.000 to 00:05\.000/),
    ]);
    await banner.getByText(/./).waitFor({ state: 'detached' });
    const after = await annotate().segments();
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    const moved = after.find((segment) => segment.id !== before.find((one) => one.startSec > 5)?.id);
    expect([moved?.startSec, moved?.endSec].map((sec) => Math.round((sec ?? 0) * RATE))).toEqual([18, 30]);

    // And the picture is served again.
    await annotate().press('End', 'ArrowLeft');
    await annotate().showsFrame(annotate().frameCount() - 2);
  });

  it('keeps what is labelled at a run while the service dies again and again', async () => {
    const { page } = studio();
    await annotate().press('Escape', 'Escape');
    const starts: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const kill = new Promise<void>((resolve) =>
        setTimeout(() => void studio().killService().then(resolve), (round * 53) % 170),
      );
      for (let n = 0; n < 3; n += 1) {
        const frame = 40 + (round * 3 + n) * 4;
        await page.keyboard.press('g');
        await page.getByTestId('go-to').fill(`f${frame}`);
        await annotate().press('Enter', '3', 'ArrowRight', '3');
        starts.push(frame);
      }
      await kill;
    }
    await windowPage(page).banner.getByText(/./).waitFor({ state: 'detached' });
    const cut = (await annotate().segments()).filter((segment) => segment.endSec - segment.startSec < 0.5);
    expect(cut.map(({ startSec }) => Math.round(startSec * RATE)).sort((a, b) => a - b)).toEqual(starts);
  });
});
