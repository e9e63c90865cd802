/** The queue: what waits, what goes first, what is cancelled, what failed and is tried again. The trainings are real. */
import type { Locator } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { writeLabelledProject } from '../../fixtures/videos.ts';
import { windowPage } from '../../pages/window.ts';

/** Small, and longer than the spec. */
const LONG = { 'sampling.snippets': 16, 'sampling.side': 48, 'head.epochs': 2000, 'lofi.epochs': 50 };

describe('the queue of jobs', () => {
  const studio = useStudio(writeLabelledProject);
  const job = (title: string): Locator => studio().page.getByTestId('job').filter({ hasText: title });
  const press = (title: string, button: string): Promise<void> =>
    job(title).getByRole('button', { name: button }).click();

  beforeAll(async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await page.getByTestId('nav-library').waitFor();
    for (let time = 0; time < 3; time += 1) await ask('train.start', { expert: LONG });
    await page.getByTestId('job-bar').getByText('2 more').click();
    await page.locator('main[data-screen="jobs"]').waitFor();
  });

  it('runs one and lets the others wait', async () => {
    await job('Train Model 1').getByText('Running').waitFor();
    await job('Train Model 2').getByText('Waiting').waitFor();
    await job('Train Model 3').getByText('Waiting').waitFor();
  });

  it('takes the one that was put first when the running one is cancelled', async () => {
    await press('Train Model 3', 'Do this first');
    await press('Train Model 1', 'Cancel');
    await job('Train Model 1').getByText('Cancelled').waitFor();
    await job('Train Model 3').getByText('Running').waitFor();
    await job('Train Model 2').getByText('Waiting').waitFor();
    await press('Train Model 2', 'Cancel');
    await job('Train Model 2').getByText('Cancelled').waitFor();
  });

  it('pauses, goes on, and is cancelled from here as well', async () => {
    await press('Train Model 3', 'Pause');
    await job('Train Model 3').getByText('Paused').waitFor();
    await press('Train Model 3', 'Resume');
    await job('Train Model 3').getByText('Running').waitFor();
    await press('Train Model 3', 'Cancel');
    await job('Train Model 3').getByText('Cancelled').waitFor();
    await studio().page.getByTestId('job-bar').getByText('Nothing is running').waitFor();
  });

  it('says why one failed, and tries it again', async () => {
    const { ask } = windowPage(studio().page);
    await ask('train.start', { expert: { encoder: '/encoders/moved-away' } });
    const failed = studio().page.getByTestId('job').filter({ hasText: '/encoders/moved-away' });
    await failed.getByText('/encoders/moved-away holds no model.json').waitFor();
    const last = async (): Promise<{ readonly state?: string; readonly endedAt?: string | null }> =>
      (await ask('jobs.list', {}))[0] ?? {};
    const { endedAt } = await last();
    await failed.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(last).not.toMatchObject({ endedAt });
    await expect.poll(last).toMatchObject({ state: 'failed', endedAt: expect.any(String) as string });
    expect(studio().complaints).toEqual([]);
  });
});
