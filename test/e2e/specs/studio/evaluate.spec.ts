/** Evaluate: every figure opens the clips behind its marks, and is saved as a picture and as numbers. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { RATE } from '../../fixtures/kitchen.ts';
import { writeFootageProject } from '../../fixtures/project.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { SHELL } from '../../fixtures/studio.ts';
import { windowPage } from '../../pages/window.ts';

/** A figure, its mark to click, what the strip says then, and the first line of its numbers. */
const FIGURES = [
  ['map', 'circle', /clips?: wrong at tIoU \.\d\d, Model 1/, 'model,tiou,map,low,high'],
  ['labels', 'rect', /clips?: (?:pour|stir|cut)$/, 'label,ap'],
  [
    'profile',
    'rect',
    /clips?: (?:right|found twice|wrong label|edges off|label and edges off|nothing there)$/,
    'range,kind,share',
  ],
  ['pr', 'circle', /clips?: (?:pour|stir|cut), confidence from \d+/, 'label,score,recall,precision'],
  ['offsets', 'rect', /clips?: (?:start|end) .*s$/, 'edge,from,to,count'],
] as const;

describe('evaluating', () => {
  const studio = useStudio(() =>
    writeFootageProject(2, () => ({
      labels: ['pour', 'stir', 'cut'],
      items: [
        { video: 0, label: 'stir', fromSec: 6, toSec: 9 },
        { video: 0, label: 'cut', fromSec: 14, toSec: 16 },
        { video: 1, label: 'pour', fromSec: 3, toSec: 6 },
        { video: 0, label: 'stir', fromSec: 6, toSec: 8.5, score: 0.9 },
        { video: 0, label: 'cut', fromSec: 14.5, toSec: 16, score: 0.8 },
        { video: 0, label: 'pour', fromSec: 1, toSec: 3, score: 0.7 },
        { video: 0, label: 'stir', fromSec: 6.5, toSec: 9, score: 0.6 },
        { video: 1, label: 'pour', fromSec: 3, toSec: 5.5, score: 0.5 },
      ],
    })),
  );
  const clips = (): ReturnType<ReturnType<typeof studio>['page']['getByTestId']> =>
    studio().page.getByTestId('clips');

  beforeAll(async () => {
    const { page } = studio();
    await windowPage(page).goTo('evaluate');
    await page.getByTestId('evaluate-subset').selectOption('training');
    for (const [figure] of FIGURES) {
      await page.getByTestId(`figure-${figure}`).locator('svg').last().waitFor();
    }
  });

  it.each(FIGURES)('opens the clips behind a mark of the figure %s', async (figure, mark, words) => {
    const { page } = studio();
    await page.getByTestId('clips-choice').selectOption('all');
    await clips()
      .getByRole('heading', { name: /All errors$/ })
      .waitFor();
    const box = await page
      .getByTestId(`figure-${figure}`)
      .locator('svg')
      .last()
      .locator(mark)
      .evaluateAll((marks) => {
        const boxes = marks
          .filter((one) => one.closest('[aria-label="tip"]') === null)
          .map((one) => one.getBoundingClientRect());
        const largest = boxes.sort((a, b) => b.width * b.height - a.width * a.height)[0];
        return largest === undefined
          ? null
          : { x: largest.x + largest.width / 2, y: largest.y + largest.height / 2 };
      });
    if (box === null) throw new Error('The figure has no mark.');
    await page.mouse.move(box.x - 2, box.y);
    await page.mouse.move(box.x, box.y);
    await page.mouse.click(box.x, box.y);
    await clips().getByRole('heading').getByText(words).waitFor();
  });

  it.each(['tiou:0.50', 'error:background'])(
    'keeps what is looked at when a label changes: %s',
    async (shown) => {
      const { page } = studio();
      const { ask } = windowPage(page);
      await page.getByTestId('clips-choice').selectOption(shown);
      await clips().getByRole('heading').filter({ hasNotText: 'All errors' }).waitFor();
      const before = await page.getByTestId('evaluate-average').textContent();
      const [first] = (await ask('videos.list', { subset: 'training' })).items;
      const { segments } = await ask('document.get', { videoId: first!.id });
      const cut = segments.find(({ startPts }) => startPts > 0)!;
      await ask('document.edit', { edit: { type: 'delete-segments', ids: [cut.id] } });
      await expect.poll(() => page.getByTestId('evaluate-average').textContent()).not.toBe(before);
      expect(await page.getByTestId('clips-choice').inputValue()).toBe(shown);
      await ask('history.undo', {});
      await expect.poll(() => page.getByTestId('evaluate-average').textContent()).toBe(before);
    },
  );

  it('leads from a clip to its place in the video', async () => {
    const { page } = studio();
    await page.getByTestId('clips-choice').selectOption('error:background');
    await clips().getByRole('button').filter({ hasText: 'pour' }).first().click();
    await page.locator('main[data-screen="annotate"]').waitFor();
    await expect
      .poll(async () => Number(/f (\d+)/.exec((await page.getByTestId('time').textContent()) ?? '')?.[1]))
      .toBe(RATE);
    await windowPage(page).goTo('evaluate');
    await page.getByTestId('evaluate-subset').selectOption('training');
    await page.getByTestId('figure-offsets').locator('svg').last().waitFor();
  });

  it.runIf(SHELL === 'browser').each(FIGURES)(
    'saves the figure %s as a picture and as numbers',
    async (figure, _mark, _words, head) => {
      const { page } = studio();
      const save = async (name: RegExp): Promise<string> => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByTestId(`figure-${figure}`).getByRole('button', { name }).click(),
        ]);
        return readFileSync(await download.path(), 'utf8');
      };
      expect(await save(/as SVG/)).toMatch(/^<svg [^]*<(?:path|rect) [^]*<\/svg>$/);
      const lines = (await save(/as CSV/)).trim().split('\n');
      expect(lines[0]).toBe(head);
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines) expect(line.split(',')).toHaveLength(lines[0]?.split(',').length ?? 0);
      expect(studio().complaints).toEqual([]);
    },
  );
});
