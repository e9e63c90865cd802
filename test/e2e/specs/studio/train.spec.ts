/** Train: the simple form, a run that is paused, cancelled and carried through, and what is kept of it. The trainings are real and small. */
import { describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { writeLabelledProject } from '../../fixtures/videos.ts';
import { trainPage } from '../../pages/train.ts';
import { windowPage } from '../../pages/window.ts';

const TRAINING_DEADLINE_MS = 110_000;
const SMALL = {
  'sampling.snippets': 16,
  'sampling.side': 48,
  'lofi.epochs': 1,
  'lofi.windowEpochs': 1,
  'lofi.headWarmupEpochs': 1,
  'head.epochs': 4,
  'head.validateEvery': 1,
};

describe('training', () => {
  const studio = useStudio(writeLabelledProject);
  const train = (): ReturnType<typeof trainPage> => trainPage(studio().page);

  it('says what a training learns from, and follows what it shall optimise and how long it may take', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await train().open();
    const form = page.getByTestId('train');
    await form.getByText('4 training, 1 validation').waitFor();
    const segments = (await ask('project.current', {}))?.segmentCount ?? 0;
    expect(segments).toBeGreaterThan(0);
    await form.getByText(/^Balanced; pictures of/).waitFor();
    await train().aim('speed');
    await form.getByText(/^For speed: half the steps; pictures of/).waitFor();
    await train().aim('accuracy');
    await form.getByText(/^For accuracy: one and a half times the steps/).waitFor();
    await train().aim('balanced');
    await train().limit('5 minutes');
    await form
      .getByText(/until then the time limit cannot be kept|^Chosen for .*5 min|^Nothing fits/)
      .first()
      .waitFor();
    await train().limit('None');
  });

  it('refuses a setting that cannot work, by its name, and words where a number belongs', async () => {
    const { page } = studio();
    await train().setExpert({ 'sampling.side': -5 });
    await train()
      .blockers.getByText('The training setting "sampling.side" goes from 32 to 1024; -5 is outside.')
      .waitFor();
    expect(await train().start.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Reset' }).click();
    await train().blockers.waitFor({ state: 'detached' });
    const epochs = page.getByTestId('train').getByLabel('head.epochs');
    const usual = await epochs.inputValue();
    await epochs.fill('many');
    await epochs.press('Enter');
    await page.getByText('“many” is no value for head.epochs.').waitFor();
    expect(await epochs.inputValue()).toBe(usual);
  });

  it('pauses, goes on, and is cancelled', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await train().setExpert({ ...SMALL, 'head.epochs': 400 });
    await train().start.click();
    const progress = async (): Promise<number> => (await ask('jobs.list', {}))[0]?.progress?.fraction ?? 0;
    await expect.poll(progress, { timeout: 60_000 }).toBeGreaterThan(0);
    await train().run.getByRole('button', { name: 'Pause' }).click();
    await train().run.getByText('Paused').waitFor();
    await page
      .getByTestId('job-bar')
      .getByText(/: Paused/)
      .waitFor();
    // A step that was under way may still end.
    await page.waitForTimeout(1000);
    const stood = await progress();
    await page.waitForTimeout(1500);
    expect(await progress()).toBe(stood);
    await train().run.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(progress, { timeout: 60_000 }).toBeGreaterThan(stood);
    await page.getByTestId('train-cancel').click();
    await train()
      .outcome.getByText(/^Cancelled/)
      .waitFor();
    expect(await ask('models.list', {})).toEqual([]);
    await train().start.waitFor();
  });

  it(
    'ends with two models to choose from, and discards both when that is wished',
    async () => {
      const { page } = studio();
      const { ask } = windowPage(page);
      await train().setExpert({ 'head.epochs': SMALL['head.epochs'] });
      await train().start.click();
      await train()
        .verdict.getByText(/Recommended: .*mAP/)
        .waitFor({ timeout: TRAINING_DEADLINE_MS });
      const figures = train().outcome.getByTestId('stage-figures');
      await figures.locator('summary').click();
      await figures.getByRole('row', { name: /^LoFi, encoder and head .*[MG]B$/ }).waitFor();
      await figures.getByRole('row', { name: /^Whole .*[MG]B$/ }).waitFor();
      const current = async (): Promise<string | undefined> =>
        (await ask('models.list', {})).find((model) => model.current)?.variant;
      const better = await current();
      const other = better === 'lofi' ? 'frozen' : 'lofi';
      await page.getByTestId(`outcome-${other}`).getByRole('button', { name: 'Use this model' }).click();
      await expect.poll(current).toBe(other);
      await page.getByTestId(`outcome-${other}`).getByText('In use').waitFor();
      await page.getByTestId('train-discard').click();
      await page.getByRole('dialog').getByText('Segments that you accepted stay.').waitFor();
      await page.getByTestId('train-discard-ok').click();
      await train().outcome.getByText('Its models were deleted.').waitFor();
      expect(await ask('models.list', {})).toEqual([]);
      expect(studio().complaints).toEqual([]);
    },
    2 * TRAINING_DEADLINE_MS,
  );
});
