import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeProject } from '../../../fixtures/project.ts';
import { useStudio } from '../../../fixtures/spec.ts';
import { writeVideos, type SpecVideo } from '../../../fixtures/videos.ts';
import { annotatePage, type AnnotatePage } from '../../../pages/annotate.ts';
import { windowPage } from '../../../pages/window.ts';

const SEGMENTS = 20;
const RATE = 6;
/** Playing at this speed, a frame takes 42 ms. */
const SPEED = 4;

describe('labelling a video of 20 actions by keyboard', () => {
  let video: SpecVideo;
  const studio = useStudio(async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi e2e videos-'));
    const [written] = await writeVideos(folder, 1, 260);
    if (written === undefined) throw new Error('No video was written.');
    video = written;
    const labels = [...new Set(video.actions.map((action) => action.label))];
    return { project: await writeProject({ files: [video.file], labels }) };
  });
  let annotate: AnnotatePage;
  beforeAll(async () => {
    annotate = annotatePage(studio().page);
    await windowPage(studio().page).ask('settings.set', { reactionTimeMs: 0 });
    await annotate.open(video.name);
  });

  it(`takes at most three presses a segment, and the edges are those that were meant`, async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const wanted = video.actions.slice(0, SEGMENTS);
    expect(wanted).toHaveLength(SEGMENTS);
    const labels = await ask('labels.list', {});
    const keyOf = (name: string): string => labels.find((label) => label.name === name)?.key ?? '';
    let presses = 0;
    const press = async (key: string): Promise<void> => {
      presses += 1;
      await page.keyboard.press(key);
    };
    /** Somebody who watches: presses when the playhead has come to a frame. */
    const watch = (frame: number): Promise<unknown> =>
      page.waitForFunction(
        (at) =>
          Number(/f (\d+)/.exec(document.querySelector('[data-testid=time]')?.textContent ?? '')?.[1]) >= at,
        frame,
        { polling: 'raf', timeout: 60_000 },
      );

    await press('l');
    for (let faster = 1; faster < SPEED; faster *= 2) await press('l');
    for (const { label, startSec, endSec } of wanted) {
      await watch(Math.round(startSec * RATE));
      await press(keyOf(label));
      await watch(Math.round(endSec * RATE) - 1);
      await press(keyOf(label));
    }
    await press('k');

    const made = (await annotate.segments()).toSorted((a, b) => a.startSec - b.startSec);
    expect(made.map((one) => labels.find((label) => label.id === one.labelId)?.name)).toEqual(
      wanted.map((one) => one.label),
    );
    for (const [at, { startSec, endSec }] of made.entries()) {
      expect(Math.abs(startSec - (wanted[at]?.startSec ?? 0))).toBeLessThanOrEqual(1);
      expect(Math.abs(endSec - (wanted[at]?.endSec ?? 0))).toBeLessThanOrEqual(1);
    }
    console.log(`${presses} presses for ${SEGMENTS} segments`);
    expect(presses / SEGMENTS).toBeLessThanOrEqual(3);
    expect(studio().complaints).toEqual([]);
  }, 240_000);
});
