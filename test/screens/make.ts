/**
 * `npm run screens`: pictures of every screen in both themes and both languages, from the real service and a real project, into docs/screens.
 *
 * Without `--project` it makes the quick demo first (some minutes) and works on that; with it, on a copy of a demo that is there. `--out`
 * names another folder, `--only` shots by the beginning of their names, `--size 3840x2160` takes them all at that size instead.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { ensureBuilt } from '#web/built';
import { startWebStudio } from '#web/studio';
import { findChromium } from '../e2e/fixtures/binaries.ts';
import { windowPage } from '../e2e/pages/window.ts';
import { EMPTY_SHOTS, FULL_SHOTS, START_SHOTS, WIDE_SHOTS, type Shot, type Stage } from './shots.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const THEMES = ['dark', 'light'] as const;
const LANGUAGES = ['en', 'zh-CN'] as const;
const WIDE = { width: 2560, height: 1440 };
const QUALITY = 82;
/** Time for pictures, figures and the exact frame to come. */
const SETTLE_MS = 900;
/** Time for a change of theme or language. */
const REDRAW_MS = 250;

const { values: options } = parseArgs({
  options: {
    project: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string' },
    size: { type: 'string' },
  },
});
const SIZE = sizeOf(options.size ?? '1280x720');
const out = path.resolve(options.out ?? path.join(ROOT, 'docs/screens'));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const wanted = (shot: { readonly name: string }): boolean =>
  options.only === undefined || options.only.split(',').some((start) => shot.name.startsWith(start));

/** @throws Error where it is not two numbers */
function sizeOf(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = text.split('x').map(Number);
  if (!(width > 0 && height > 0)) throw new Error(`--size is width and height, like 3840x2160, not ${text}.`);
  return { width, height };
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(ROOT, 'electron/cli/index.ts'), ...args], {
      stdio: 'inherit',
    });
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

/** WebP by Chromium itself: a tenth of the PNG, and every letter sharp. */
async function picture(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await writeFile(path.join(out, `${name}.webp`), Buffer.from(data, 'base64'));
  await session.detach();
}

/** Waits until every picture inside the window has come and no figure is still being worked out. */
async function waitForPictures(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const inside = [...document.images].filter((image) => {
      const { top, bottom, left, right, width } = image.getBoundingClientRect();
      const isIn = width > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
      return isIn && image.checkVisibility();
    });
    const busy = document.querySelector('[aria-busy="true"]');
    return busy === null && inside.every((image) => image.complete && image.naturalWidth > 0);
  });
}

interface Opened {
  readonly stage: Stage;
  readonly close: () => Promise<void>;
}

async function open(browser: Browser, dataDir: string, project: string | null): Promise<Opened> {
  const studio = await startWebStudio({ project, port: 0, dataDir, log: () => undefined });
  const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce', locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(studio.url);
  const { ask } = windowPage(page);
  await page.locator('main, [data-testid=start]').first().waitFor();
  const show = async (address: string): Promise<void> => {
    await page.evaluate((next) => (window.location.hash = `#/${next}`), address);
    await page.locator(`main[data-screen="${address.split('/')[0] ?? ''}"]`).waitFor();
  };
  return {
    stage: { page, ask, show },
    close: async () => {
      await context.close();
      await studio.close();
    },
  };
}

/** What is on the screen in every theme and language. */
async function inAllWords({ page, ask }: Stage, name: string, large: boolean): Promise<void> {
  for (const language of large ? ['en' as const] : LANGUAGES) {
    for (const theme of THEMES) {
      await ask('settings.set', { theme, language });
      await page.locator(`html[data-theme="${theme}"][lang="${language}"]`).waitFor();
      await page.waitForTimeout(REDRAW_MS);
      await waitForPictures(page);
      // Nothing under the pointer looks chosen.
      await page.mouse.move(SIZE.width / 2, 0);
      await picture(page, `${name}-${theme}-${language === 'en' ? 'en' : 'zh'}${large ? '-2560' : ''}`);
    }
  }
}

/** One shot in every theme and language; some of them large, too. */
async function take({ stage }: Opened, shot: Shot): Promise<void> {
  const { page, ask } = stage;
  for (const size of options.size === undefined && WIDE_SHOTS.has(shot.name) ? [SIZE, WIDE] : [SIZE]) {
    await ask('settings.set', { theme: 'dark', language: 'en' });
    await page.setViewportSize(size);
    // A fresh page for each: nothing is left open, nothing is left chosen, panels are as large as the window wants them.
    await page.evaluate(() => window.localStorage.clear());
    await page.reload();
    await page.locator('main, [data-testid=start]').first().waitFor();
    await shot.prepare(stage);
    await page.waitForTimeout(SETTLE_MS);
    await inAllWords(stage, shot.name, size === WIDE);
  }
  await page.setViewportSize(SIZE);
  say(shot.name);
}

/** A small training through the queue: pictures of it while it runs, and at its end. */
async function takeTraining(opened: Opened): Promise<void> {
  const { stage } = opened;
  const { page, ask, show } = stage;
  await ask('train.start', {
    aim: 'speed',
    expert: {
      'sampling.snippets': 64,
      'sampling.side': 64,
      'lofi.epochs': 2,
      'lofi.windowEpochs': 2,
      'lofi.headWarmupEpochs': 2,
      'head.epochs': 40,
      'head.validateEvery': 2,
    },
  });
  await page.reload();
  await page.locator('main').first().waitFor();
  await show('train');
  await page.getByTestId('train-preview').waitFor({ timeout: 300_000 });
  await page.waitForTimeout(2000);
  await inAllWords(stage, 'train-running', false);
  await page.getByTestId('train-verdict').waitFor({ timeout: 600_000 });
  await take(opened, {
    name: 'train-done',
    prepare: async () => {
      await show('train');
      await page.getByTestId('train-verdict').waitFor();
    },
  });
  await take(opened, {
    name: 'jobs',
    prepare: async () => {
      await show('jobs');
      await page.getByTestId('job').first().waitFor();
    },
  });
}

/** A training that fails, and a queue where everything is decided. */
async function takeEndings(opened: Opened): Promise<void> {
  const { ask, show, page } = opened.stage;
  const { id } = await ask('train.start', { expert: { encoder: '/encoders/moved-away' } });
  const hasFailed = async (): Promise<boolean> =>
    (await ask('jobs.list', {})).some((job) => job.id === id && job.state === 'failed');
  while (!(await hasFailed())) await page.waitForTimeout(200);
  await take(opened, {
    name: 'train-failed',
    prepare: async () => {
      await show('train');
      await page.locator('[data-testid=train-outcome] .error').waitFor();
    },
  });
  await take(opened, { name: 'jobs-failed', prepare: () => show('jobs') });
  for (;;) {
    const { items } = await ask('review.queue', { limit: 500 });
    if (items.length === 0) break;
    const decisions = items.map((item) => ({ predictionId: item.id, decision: 'reject' as const }));
    await ask('document.edit', { edit: { type: 'review', decisions } });
  }
  await take(opened, { name: 'review-done', prepare: () => show('review') });
}

const executablePath = await findChromium();
if (executablePath === null) throw new Error('There is no Chromium here: set LOFI_CHROMIUM.');
await ensureBuilt(say, ['page', 'web']);
await mkdir(out, { recursive: true });
const folder = await mkdtemp(path.join(os.tmpdir(), 'lofi-screens-'));
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--font-render-hinting=none'],
});
try {
  let source = options.project;
  if (source === undefined) {
    await run(['demo', '--quick', '--out', path.join(folder, 'demo')]);
    source = path.join(folder, 'demo/project');
  }
  const project = path.join(folder, 'Demo');
  await cp(path.resolve(source), project, { recursive: true });

  const start = await open(browser, path.join(folder, 'data-start'), null);
  for (const shot of START_SHOTS.filter(wanted)) await take(start, shot);
  await start.close();
  const empty = await open(browser, path.join(folder, 'data-empty'), path.join(folder, 'Empty'));
  for (const shot of EMPTY_SHOTS.filter(wanted)) await take(empty, shot);
  await empty.close();
  const full = await open(browser, path.join(folder, 'data'), project);
  for (const shot of FULL_SHOTS.filter(wanted)) await take(full, shot);
  if (wanted({ name: 'train-running' })) await takeTraining(full);
  if (wanted({ name: 'train-failed' })) await takeEndings(full);
  await full.close();
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
