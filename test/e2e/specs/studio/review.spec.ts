/** The review of predictions: what is looped, what stands around the candidate, and every decision by one key. */
import { beforeAll, describe, expect, it } from 'vitest';
import { RATE } from '../../fixtures/kitchen.ts';
import { writeFootageProject } from '../../fixtures/project.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { reviewPage } from '../../pages/review.ts';
import { windowPage } from '../../pages/window.ts';

describe('reviewing', () => {
  const studio = useStudio(() =>
    writeFootageProject(1, () => ({
      labels: ['pour', 'stir', 'cut'],
      former: true,
      items: [
        { video: 0, label: 'stir', fromSec: 6, toSec: 9 },
        { video: 0, label: 'cut', fromSec: 7, toSec: 9, score: 0.91 },
        { video: 0, label: 'pour', fromSec: 11, toSec: 12, score: 0.74 },
        { video: 0, label: 'stir', fromSec: 14, toSec: 16, score: 0.52 },
      ],
    })),
  );
  const review = (): ReturnType<typeof reviewPage> => reviewPage(studio().page);
  beforeAll(async () => {
    await review().open();
    await review().order('Most confident first');
  });

  it('loops the candidate with a second before and after, and with what else is asked for', async () => {
    await expect.poll(() => review().label()).toBe('cut');
    expect(await review().loop(9500)).toEqual({ first: 6 * RATE, last: 10 * RATE });
    await review().roll('Before', '0 s');
    await review().roll('After', '0.5 s');
    expect(await review().loop(7000)).toEqual({ first: 7 * RATE, last: 9.5 * RATE });
    await review().roll('Before', '1 s');
    await review().roll('After', '1 s');
  });

  it('shows the truth, this model and the former one around it', async () => {
    const { page } = studio();
    expect(await review().rows.allTextContents()).toEqual(['Truth', 'Model 2', 'Model 1 (former)']);
    const seconds = await review().drawn();
    // The label's truth begins a second before the candidate; the former model was half a second late.
    expect(seconds.truth[0]).toBeCloseTo(seconds.candidate - 1, 1);
    expect(seconds.former[0]).toBeCloseTo(seconds.candidate + 0.5, 1);
    expect(await page.getByTestId('candidate').innerText()).toContain('1 of 3');
  });

  it('skips, goes back, and narrows by label and confidence', async () => {
    const { page } = studio();
    await page.keyboard.press('Tab');
    await expect.poll(() => review().label()).toBe('pour');
    await page.keyboard.press('Shift+Tab');
    await expect.poll(() => review().label()).toBe('cut');
    await review().only('stir');
    await expect.poll(() => review().label()).toBe('stir');
    await page.getByTestId('review-waiting').getByText('1 to review').waitFor();
    await review().only('Any label');
    await review().confidence(80);
    await page.getByTestId('review-waiting').getByText('1 to review').waitFor();
    await review().confidence(30);
    await page.getByTestId('review-waiting').getByText('3 to review').waitFor();
  });

  it('moves edges by mouse, by keys and to the playhead, and takes them back', async () => {
    const { page } = studio();
    await expect.poll(() => review().label()).toBe('cut');
    await review().dragEdge('End', 90);
    await page
      .getByTestId('candidate')
      .getByText(/moved 0 f \/ \d+ f/)
      .waitFor();
    await page.getByRole('button', { name: 'Edges as predicted' }).click();
    await page.keyboard.press(']');
    await page.keyboard.press('{');
    await page.getByTestId('candidate').getByText('moved 1 f / -1 f').waitFor();
    await page.getByRole('button', { name: 'Edges as predicted' }).click();
    await page.keyboard.press('Home');
    await page.keyboard.press('Control+ArrowRight');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('o');
    await page
      .getByTestId('candidate')
      .getByText(/moved 0 f \/ -5 f/)
      .waitFor();
  });

  it('decides by one key each, and undoes', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const counts = (): Promise<unknown> => ask('review.counts', {});
    await page.getByRole('button', { name: 'Edges as predicted' }).click();
    await page.keyboard.press('a');
    await expect.poll(counts).toMatchObject({ accepted: 1 });
    await expect.poll(() => review().label()).toBe('pour');
    await page.keyboard.press('r');
    await expect.poll(counts).toMatchObject({ accepted: 1, rejected: 1 });
    await expect.poll(() => review().label()).toBe('stir');
    await page.keyboard.press('1');
    await expect.poll(counts).toMatchObject({ accepted: 1, rejected: 1, adjusted: 1 });
    await page.getByText('Every prediction has a decision.').waitFor();
    await page.getByTestId('review-counts').getByText('accepted 1 · rejected 1 · adjusted 1').waitFor();
    for (const left of [1, 2, 3]) {
      await page.keyboard.press('Control+z');
      await page.getByTestId('review-waiting').getByText(`${left} to review`).waitFor();
    }
    // What was undone last is looked at again.
    await expect.poll(() => review().label()).toBe('cut');
    expect(studio().complaints).toEqual([]);
  });
});
