import { beforeAll, describe, expect, it } from 'vitest';
import { writeFootageProject } from '../../../fixtures/project.ts';
import { useStudio } from '../../../fixtures/spec.ts';
import type { SpecVideo } from '../../../fixtures/videos.ts';
import { annotatePage, type AnnotatePage } from '../../../pages/annotate.ts';
import { windowPage } from '../../../pages/window.ts';

const SEGMENTS = 20;
const RATE = 6;
/** Playing at this speed, a frame takes 83 ms. */
const SPEED = 2;

describe('labelling a video of 20 actions by keyboard', () => {
  let video: SpecVideo;
  const studio = useStudio(async () => {
    const labelsOf = (one?: SpecVideo): string[] => [...new Set(one?.actions.map(({ label }) => label))];
    const { project, videos } = await writeFootageProject(1, ([one]) => ({ labels: labelsOf(one) }), 260);
    const [written] = videos;
    if (written === undefined) throw new Error('No video was written.');
    video = written;
    return { project };
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
    const plan = wanted.flatMap(({ label, startSec, endSec }) => [
      { frame: Math.round(startSec * RATE), key: keyOf(label) },
      { frame: Math.round(endSec * RATE) - 1, key: keyOf(label) },
    ]);
    const start = ['l', ...Array.from({ length: Math.log2(SPEED) }, () => 'l')];
    await annotate.press(...start);
    // Somebody who watches and presses: in the page, so that a slow machine's test process is not taken for a slow hand.
    await page.evaluate(async (steps) => {
      const frameNow = (): number =>
        Number(/f (\d+)/.exec(document.querySelector('[data-testid=time]')?.textContent ?? '')?.[1]);
      for (const { frame, key } of steps) {
        while (frameNow() < frame) await new Promise((resolve) => requestAnimationFrame(resolve));
        window.dispatchEvent(new KeyboardEvent('keydown', { key, code: `Digit${key}`, bubbles: true }));
        window.dispatchEvent(new KeyboardEvent('keyup', { key, code: `Digit${key}`, bubbles: true }));
      }
    }, plan);
    await annotate.press('k');
    const presses = start.length + plan.length + 1;

    const made = (await annotate.segments()).toSorted((a, b) => a.startSec - b.startSec);
    expect(made.map((one) => labels.find((label) => label.id === one.labelId)?.name)).toEqual(
      wanted.map((one) => one.label),
    );
    for (const [at, { startSec, endSec }] of made.entries()) {
      expect(Math.abs(startSec - (wanted[at]?.startSec ?? 0))).toBeLessThanOrEqual(1);
      expect(Math.abs(endSec - (wanted[at]?.endSec ?? 0))).toBeLessThanOrEqual(1);
    }
    expect(presses / SEGMENTS).toBeLessThanOrEqual(3);
    expect(studio().complaints).toEqual([]);
  }, 240_000);
});
