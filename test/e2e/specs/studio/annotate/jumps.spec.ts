/**
 * Jumps in a video whose frames build on one another for long: made ahead where they are likely, with a copy's picture standing in where they are not.
 */
import path from 'node:path';
import type { Response } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encoded } from '../../../../fixtures/videos/encoded.ts';
import { SHORT_GOPS } from '../../../../fixtures/videos/seeks.ts';
import { temporaryFolder } from '../../../fixtures/folders.ts';
import { writeProject } from '../../../fixtures/project.ts';
import { useStudio } from '../../../fixtures/spec.ts';
import { SHELL } from '../../../fixtures/studio.ts';
import { annotatePage, type AnnotatePage } from '../../../pages/annotate.ts';
import { windowPage } from '../../../pages/window.ts';

const RATE = 25;
const FRAMES = 500;
/** Every frame of the first 1,280 × 720 half builds on the ones before. */
const LONG = encoded({
  name: 'one long GOP',
  file: 'long.mp4',
  width: 1280,
  height: 720,
  frames: FRAMES,
  gop: 500,
  encoderOptions: { preset: 'ultrafast', crf: 24, bf: 0, sc_threshold: 0 },
});

describe('jumps in a video of long GOPs', () => {
  const studio = useStudio(async () => {
    const folder = temporaryFolder('e2e jumps');
    const files = [LONG, SHORT_GOPS].map(({ file }) => path.join(folder, file));
    await LONG.make(files[0]!);
    await SHORT_GOPS.make(files[1]!);
    const project = await writeProject({
      files,
      labels: ['pour'],
      items: [
        { video: 0, label: 'pour', fromSec: 6, toSec: 8 },
        { video: 0, label: 'pour', fromSec: 15, toSec: 16.4, score: 0.8 },
      ],
    });
    return { project };
  });
  let annotate: AnnotatePage;
  /** Every answer with a frame, in order: `exact 175`, `likely 31`, `copy 300`, and how long the service decoded for it. */
  let answers: { readonly what: string; readonly decodeMs: number }[] = [];
  const note = (response: Response): void => {
    const match = /\/frame\/[^/]+\/(\d+)\.jpg\?w=\d+(?:&(likely|from=proxy))?/.exec(response.url());
    if (match === null || !response.ok()) return;
    const kind = match[2] === undefined ? 'exact' : match[2] === 'likely' ? 'likely' : 'copy';
    const timing = /decode;dur=([\d.]+)/.exec(response.headers()['server-timing'] ?? '')?.[1];
    answers.push({ what: `${kind} ${match[1]}`, decodeMs: Number(timing ?? NaN) });
  };
  const kinds = (): string[] => answers.map(({ what }) => what);
  /** Requests for a frame for which the service had to decode while the person waited. */
  const decodedFor = (frame: number): string[] =>
    answers
      .filter(({ what, decodeMs }) => what === `exact ${frame}` && !(decodeMs === 0))
      .map(({ what }) => what);
  const cameLikely = (frame: number): Promise<void> =>
    expect.poll(kinds, { timeout: 20_000 }).toContain(`likely ${frame}`);
  beforeAll(async () => {
    const { page } = studio();
    await windowPage(page).ask('settings.set', { autoProxy: false });
    page.on('response', note);
    annotate = annotatePage(page);
    await annotate.open(LONG.file);
  });
  afterEach(async () => {
    await studio().page.unroute('**/frame/**');
  });

  it('what the next keys lead to is there before they are pressed', async () => {
    const keys: readonly (readonly [string, number])[] = [
      ['Shift+ArrowRight', RATE],
      ['ArrowDown', 6 * RATE],
      ['ArrowDown', 8 * RATE - 1],
      ['n', 15 * RATE],
      ['Shift+o', Math.round(16.4 * RATE) - 1],
      ['Shift+ArrowLeft', Math.round(16.4 * RATE) - 1 - RATE],
      ['Control+ArrowLeft', Math.round(16.4 * RATE) - 1 - 11 * RATE],
      ['End', FRAMES - 1],
    ];
    for (const [key, frame] of keys) {
      await cameLikely(frame);
      answers = answers.filter(({ what }) => what.startsWith('likely'));
      await annotate.press(key);
      await annotate.showsFrame(frame);
      expect([key, decodedFor(frame)]).toEqual([key, []]);
    }
    // Making it ahead was real work, unlike the answer of what is there.
    expect(answers.find(({ what }) => what === `likely ${15 * RATE}`)?.decodeMs).toBeGreaterThan(0);
  });

  it('what the pointer rests on is there before the click, and what is typed before Enter', async () => {
    await annotate.press('Escape', 'Escape', 'Home');
    await annotate.showAll();
    const { page } = studio();
    answers = [];
    const ruler = await annotate.at({ sec: 11, label: 'pour' });
    const box = (await annotate.canvas.boundingBox())!;
    await page.mouse.move(ruler.x, box.y + 34);
    await expect.poll(kinds).toContainEqual(expect.stringMatching(/^likely 27\d$/));
    const [, pointed] = /^likely (27\d)$/.exec(kinds().find((what) => /^likely 27\d$/.test(what))!)!;
    await page.mouse.down();
    await page.mouse.up();
    await annotate.showsFrame(Number(pointed));
    expect(decodedFor(Number(pointed))).toEqual([]);
    await page.mouse.move(5, 5);

    await annotate.press('g');
    await page.getByTestId('go-to').fill('f333');
    await cameLikely(333);
    await page.keyboard.press('Enter');
    await annotate.showsFrame(333);
    expect(decodedFor(333)).toEqual([]);
  });

  it('a jump that nobody foresaw is asked for at once, and what was made on suspicion gives way', async () => {
    await annotate.press('Home');
    await annotate.showsFrame(0);
    answers = [];
    await annotate.goTo('f457');
    await annotate.showsFrame(457);
    expect(kinds().filter((what) => /457$/.test(what)).length).toBeGreaterThan(0);
    expect(await annotate.playhead()).toBe(457);
  });

  it('a copy is made on request, by button or key, with progress, and can be stopped', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    await page.getByTestId('copy-make').focus();
    await page.keyboard.press('Enter');
    // The focus goes on from the one button to the other, so that the same key stops it.
    await page.locator('[data-testid=copy-stop]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=copy-make]:focus').waitFor();
    expect((await ask('jobs.list', {})).map(({ kind, state }) => [kind, state])).toEqual([
      ['proxy', 'cancelled'],
    ]);

    await annotate.press('Escape', 'Alt+Shift+KeyC');
    await page.getByTestId('copy-progress').waitFor();
    await page.getByTestId('copy-ready').waitFor({ timeout: 60_000 });
    await ask('settings.set', { language: 'zh-CN' });
    expect(await page.getByTestId('copy-ready').innerText()).toBe('快速副本');
    await ask('settings.set', { language: 'en' });
    // A file that seeks well needs none.
    await annotate.open(SHORT_GOPS.file);
    expect(await page.getByTestId('copy-make').count()).toBe(0);
    await annotate.open(LONG.file);
    await page.getByTestId('copy-ready').waitFor();
  });

  // Requests of the desktop's own scheme cannot be held back from outside.
  it.runIf(SHELL === 'browser')(
    'the copy stands in, marked, until the exact frame is there, and only until then',
    async () => {
      const { page } = studio();
      await annotate.press('Home');
      await annotate.showsFrame(0);
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      // The exact picture is held back; what is likely is left out, so that only the jump decides.
      await page.route('**/frame/**', async (route) => {
        const url = route.request().url();
        if (url.includes('&likely')) return route.abort();
        if (!url.includes('from=proxy')) await held;
        return route.continue();
      });
      answers = [];
      await annotate.goTo('f222');
      await page.locator('[data-testid=stage][data-frame="222"][data-exact=false]').waitFor();
      await page.getByText('from the copy; the exact frame follows').waitFor();
      // An answer to what was likely before may still have been under way.
      const waitedFor = (): string[] => kinds().filter((what) => !what.startsWith('likely'));
      expect(waitedFor()).toEqual(['copy 222']);
      letGo();
      await page.locator('[data-testid=stage][data-frame="222"][data-exact=true]').waitFor();
      expect(await page.getByText('from the copy; the exact frame follows').count()).toBe(0);
      expect(waitedFor()).toEqual(['copy 222', 'exact 222']);
    },
  );
});
