/**
 * A newcomer's path, whole, on the real service: an empty project, videos, labels by mouse and by keys, a fine-tuning with the small encoder,
 * predictions, review, figures, a file. The training is real and small: a few epochs on small pictures.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { writeVideos, type SpecVideo } from '../../fixtures/videos.ts';
import { englishLeft } from '../../fixtures/words.ts';
import { annotatePage, type AnnotatePage } from '../../pages/annotate.ts';
import { choose } from '../../pages/choosing.ts';
import { startPage } from '../../pages/start.ts';
import { trainPage } from '../../pages/train.ts';
import { windowPage, type ScreenName } from '../../pages/window.ts';

const TRAINING_DEADLINE_MS = 110_000;
/** Labels that the newcomer gives; the footage's own classes are many, two are enough to learn. */
const LABELS = ['moves', 'shines'] as const;

describe("a newcomer's path", () => {
  const studio = useStudio();
  let videos: readonly SpecVideo[] = [];
  let annotate: AnnotatePage;
  beforeAll(async () => {
    videos = await writeVideos(path.join(studio().folder, 'holiday videos'), 4);
    annotate = annotatePage(studio().page);
  });
  const named = (at: number): SpecVideo => {
    const video = videos[at];
    if (video === undefined) throw new Error(`There is no video ${at}.`);
    return video;
  };
  const counts = async (): Promise<{ segments: number; labels: number; models: number }> => {
    const project = await windowPage(studio().page).ask('project.current', {});
    return {
      segments: project?.segmentCount ?? 0,
      labels: project?.labelCount ?? 0,
      models: project?.modelCount ?? 0,
    };
  };

  it('begins with an empty project, which says on every screen what to do next', async () => {
    const { page, folder } = studio();
    await startPage(page).createProject('First', folder);
    const { goTo } = windowPage(page);
    for (const [screen, words] of [
      ['train', 'There are no videos. Add some.'],
      ['review', 'No predictions yet'],
      ['evaluate', 'Nothing to evaluate yet'],
      ['models', 'No models yet'],
      ['library', 'No videos yet'],
    ] as const satisfies readonly (readonly [ScreenName, string])[]) {
      await goTo(screen);
      await page.getByText(words).first().waitFor();
    }
  });

  it('adds videos', async () => {
    const { page } = studio();
    await choose(
      studio(),
      videos.map((video) => video.file),
      () => page.getByTestId('add-videos').click(),
    );
    for (const { name } of videos) await page.getByText(name).first().waitFor();
  });

  it('cannot train yet, and is told why', async () => {
    const { page } = studio();
    const train = trainPage(page);
    await train.open();
    await train.blockers.getByText('There are no labels.').waitFor();
    expect(await train.start.getAttribute('aria-disabled')).toBe('true');
  });

  it('makes labels and marks actions by mouse in one video, by keys in the others', async () => {
    const { page } = studio();
    await annotate.open(named(0).name);
    await annotate.tab('labels');
    for (const label of LABELS) {
      await page.getByTestId('label-add').fill(label);
      await page.getByTestId('label-add').press('Enter');
      await page.getByTestId(`track-${label}`).waitFor();
    }
    await page.keyboard.press('Escape');
    expect((await counts()).labels).toBe(2);
    await annotate.showAll();
    const drawn = named(0).actions;
    for (const [at, { startSec, endSec }] of drawn.entries()) {
      const label = LABELS[at % 2] ?? LABELS[0];
      await annotate.drag({ sec: startSec, label }, { sec: endSec, label });
      await expect.poll(async () => (await annotate.segments()).length).toBe(at + 1);
    }
    await windowPage(page).ask('settings.set', { reactionTimeMs: 0 });
    for (const video of videos.slice(1, 3)) {
      await annotate.open(video.name);
      await annotate.press('Escape');
      for (const [at, { startSec, endSec }] of video.actions.entries()) {
        const digit = String((at % 2) + 1);
        await annotate.goTo(`${startSec.toFixed(2)}s`);
        await annotate.press(digit);
        await annotate.goTo(`${endSec.toFixed(2)}s`);
        await annotate.press(digit);
      }
      await expect.poll(async () => (await annotate.segments()).length).toBe(video.actions.length);
    }
    const marked = videos.slice(0, 3).reduce((sum, video) => sum + video.actions.length, 0);
    expect((await counts()).segments).toBe(marked);
  });

  it('sets a video aside for validation', async () => {
    const { page } = studio();
    const { goTo, ask } = windowPage(page);
    await goTo('library');
    await page
      .getByTestId('video-row')
      .filter({ hasText: named(2).name })
      .locator('select')
      .selectOption('validation');
    await expect
      .poll(async () => (await ask('videos.list', { subset: 'validation' })).items.map((video) => video.name))
      .toEqual([named(2).name]);
  });

  it(
    'fine-tunes with one button, sees how it goes, and is told which model is better',
    async () => {
      const { page } = studio();
      const train = trainPage(page);
      await train.open();
      await train.setExpert({
        'sampling.snippets': 16,
        'sampling.side': 48,
        'lofi.epochs': 1,
        'lofi.windowEpochs': 1,
        'lofi.headWarmupEpochs': 1,
        'head.epochs': 4,
        'head.validateEvery': 1,
      });
      await page.getByText('You set head.epochs to 4.').waitFor();
      await train.start.click();
      await train.run.waitFor();
      await page.getByTestId('job-bar').getByText('Train Model 1').waitFor();
      await train.preview.waitFor({ timeout: TRAINING_DEADLINE_MS });
      await page.getByTestId('train-validation').waitFor();
      await train.verdict.getByText(/Recommended: .*mAP/).waitFor({ timeout: TRAINING_DEADLINE_MS });
      expect(await counts()).toMatchObject({ models: 2 });
      const rows = train.outcome.locator('[data-testid^="outcome-"]');
      expect(await rows.count()).toBe(2);
      expect(await train.outcome.getByText('In use', { exact: true }).count()).toBe(1);
    },
    2 * TRAINING_DEADLINE_MS,
  );

  it('finds segments in the rest of the footage and reviews them with one key each', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await trainPage(page).findSegments.click();
    await page.locator('main[data-screen="review"]').waitFor();
    const candidate = page.getByTestId('candidate');
    await candidate.waitFor({ timeout: TRAINING_DEADLINE_MS });
    const before = await counts();
    const ready = async (): Promise<void> =>
      expect.poll(() => page.locator('.picture[aria-busy="false"]').count()).toBe(1);
    const present = async (): Promise<string> => (await candidate.getAttribute('data-id')) ?? '';
    const next = async (...keys: readonly string[]): Promise<void> => {
      const id = await present();
      await ready();
      for (const key of keys) await page.keyboard.press(key);
      await expect.poll(present).not.toBe(id);
    };
    await next('Tab');
    await next('Enter');
    await next('Backspace');
    await next(']', 'Enter');
    const labels = await ask('labels.list', {});
    const shown = await candidate.getByRole('heading').first().textContent();
    await next(labels[0]?.name === shown ? '2' : '1');
    await expect
      .poll(() => ask('review.counts', {}))
      .toMatchObject({ accepted: 1, rejected: 1, adjusted: 2 });
    expect((await counts()).segments).toBe(before.segments + 3);
    await page.keyboard.press('Control+z');
    await expect
      .poll(() => ask('review.counts', {}))
      .toMatchObject({ accepted: 1, rejected: 1, adjusted: 1 });
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => ask('review.counts', {})).toMatchObject({ adjusted: 2 });
  });

  it('sees how good the models are, and what lies behind a bar', async () => {
    const { page } = studio();
    await windowPage(page).goTo('evaluate');
    for (const figure of ['map', 'labels', 'profile', 'pr', 'offsets']) {
      await page.getByTestId(`figure-${figure}`).locator('svg').last().waitFor();
    }
    await page.getByTestId('clips-choice').selectOption('tiou:0.50');
    await page
      .getByTestId('clips')
      .getByText(/wrong at tIoU \.50/)
      .first()
      .waitFor();
    await page.getByTestId('clips-choice').selectOption('error:missed');
    await page
      .getByTestId('clips')
      .getByText(/clips?: missed/)
      .waitFor();
  });

  it('saves a figure as a picture and as numbers', async () => {
    const { page, folder, electron } = studio();
    const save = async (name: RegExp): Promise<string> => {
      const press = (): Promise<void> => page.getByTestId('figure-map').getByRole('button', { name }).click();
      if (electron === null) {
        const [download] = await Promise.all([page.waitForEvent('download'), press()]);
        return readFileSync(await download.path(), 'utf8');
      }
      const file = path.join(folder, `figure ${name.source}`);
      const ended = electron.evaluate(
        ({ dialog, session }, filePath) =>
          new Promise<string>((resolve) => {
            dialog.showSaveDialogSync = () => filePath;
            session.defaultSession.once('will-download', (_event, item) => {
              item.once('done', (_done, state) => resolve(state));
            });
          }),
        file,
      );
      await press();
      expect(await ended).toBe('completed');
      return readFileSync(file, 'utf8');
    };
    const svg = await save(/as SVG/);
    expect(svg).toMatch(/^<svg [^]*<path [^]*<\/svg>$/);
    expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    const csv = (await save(/as CSV/)).split('\n');
    expect(csv[0]).toBe('model,tiou,map,low,high');
    expect(csv).toHaveLength(11);
  });

  it('keeps versions: compares two, goes back to one, renames, exports and deletes', async () => {
    const { page, folder, electron } = studio();
    const { goTo, ask } = windowPage(page);
    await goTo('models');
    const rows = page.getByTestId('model');
    await expect.poll(() => rows.count()).toBe(2);
    for (const box of await rows.getByRole('checkbox').all()) await box.check();
    const comparison = page.getByTestId('model-comparison');
    await comparison.getByText('Both were trained with the same settings.').waitFor();
    await comparison.getByText('Head on frozen features').waitFor();
    const [inUse, other] = [...(await ask('models.list', {}))].sort(
      (a, b) => Number(b.current) - Number(a.current),
    );
    const rowOf = (name = '') => rows.filter({ has: page.getByText(name, { exact: true }) });
    await rowOf(other?.name).getByRole('button', { name: 'Use', exact: true }).click();
    await rowOf(other?.name).getByText('In use').waitFor();
    await rowOf(other?.name).getByRole('button', { name: 'Rename' }).click();
    await page.keyboard.type('Old friend');
    await page.keyboard.press('Enter');
    await rowOf('Old friend').waitFor();
    const target = path.join(folder, 'Old friend');
    const pressExport = (): Promise<void> =>
      rowOf('Old friend').getByRole('button', { name: 'Export' }).click();
    if (electron === null) await choose(studio(), [folder], pressExport);
    else {
      await electron.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
      }, target);
      await pressExport();
    }
    await page.getByText(/^Saved to /).waitFor();
    expect(readdirSync(target).sort()).toEqual(['model.json', 'weights.safetensors']);
    await rowOf('Old friend').getByRole('button', { name: 'Delete' }).click();
    await page.getByText(`It is in use. ${inUse?.name ?? ''} will be used instead.`).waitFor();
    await page.getByTestId('model-delete').click();
    await expect
      .poll(async () => (await ask('models.list', {})).map(({ name, current }) => ({ name, current })))
      .toEqual([{ name: inUse?.name, current: true }]);
  });

  it('lists what the machine did', async () => {
    const { page } = studio();
    await page.getByTestId('job-bar').getByText('Nothing is running').click();
    const jobs = page.getByTestId('job');
    await expect.poll(() => jobs.count()).toBe(2);
    await jobs.filter({ hasText: 'Train Model 1' }).getByText('Done').waitFor();
    await jobs
      .filter({ hasText: /Predict .* with Model 1/ })
      .getByText('Done')
      .waitFor();
  });

  it('reads everything in Chinese, too', async () => {
    const { page } = studio();
    const { goTo, ask } = windowPage(page);
    const engines = await ask('engines.list', {});
    const known = [
      ...LABELS,
      ...videos.map((video) => video.name),
      ...engines.flatMap((engine) => [engine.title, engine.device ?? '']),
      studio().folder,
      'First',
    ].filter((name) => name !== '');
    await goTo('settings');
    // Notices stay in the language in which they were given.
    await expect.poll(() => page.getByText(/: done$/).count(), { timeout: 30_000 }).toBe(0);
    await page.getByTestId('settings-language').selectOption('zh-CN');
    await page.locator('html[lang="zh-CN"]').waitFor();
    for (const screen of [
      'library',
      'annotate',
      'train',
      'review',
      'evaluate',
      'models',
      'settings',
    ] as const) {
      await goTo(screen);
      await page.locator(`main[data-screen="${screen}"] :is(h1, h2)`).first().waitFor();
      await page.waitForTimeout(300);
      expect(await englishLeft(page, known), screen).toEqual([]);
    }
    await page.getByTestId('settings-language').selectOption('en');
  });

  it('exports what it has', async () => {
    const { page, folder, electron } = studio();
    const { goTo } = windowPage(page);
    await goTo('settings');
    await page.getByTestId('settings-export').click();
    const file = path.join(folder, 'First-labels.csv');
    await page.getByTestId('export-format').selectOption('csv');
    if (electron !== null) {
      await electron.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
      }, file);
      await page.getByTestId('export-save').click();
    } else {
      await choose(studio(), [folder], () => page.getByTestId('export-save').click());
    }
    await expect.poll(() => existsSync(file)).toBe(true);
    await page.getByText(/^Saved to .*First-labels\.csv/).waitFor();
    const lines = readFileSync(file, 'utf8').trim().split(/\r?\n/);
    // A video without segments has a row with its name alone.
    const marked = lines.slice(1).filter((line) => LABELS.some((label) => line.includes(`,${label},`)));
    expect(marked).toHaveLength((await counts()).segments);
    expect(studio().complaints).toEqual([]);
  });
});
