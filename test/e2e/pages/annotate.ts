/**
 * The Annotate screen: what a person sees and does there. The canvas is reached by pointer at places that follow from what is shown (after
 * "show everything"), and read through its parallel list.
 */
import type { Locator, Page } from 'playwright-core';
import type { SegmentInfo } from '#core/contract/info';
import { windowPage } from './window.ts';

/** Pixels that "show everything" leaves free at both ends. */
const MARGIN_PX = 8;

/** A place in time and on a label's track. */
export interface Place {
  readonly sec: number;
  readonly label: string;
}

/** What a person does on the Annotate screen. */
export interface AnnotatePage {
  readonly canvas: Locator;
  readonly stage: Locator;
  /** Opens a video by its name, waits until its exact first frame is shown. */
  readonly open: (name: string) => Promise<void>;
  /** Number of the frame under the playhead, as the player says it. */
  readonly playhead: () => Promise<number>;
  /** Waits until the playhead is on a frame and that frame's picture is shown. */
  readonly showsFrame: (frame: number) => Promise<void>;
  /** Frames of the open video. */
  readonly frameCount: () => number;
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Shows the whole video: places on the canvas hold only after this. */
  readonly showAll: () => Promise<void>;
  /** Where a place lies on the page. */
  readonly at: (place: Place) => Promise<{ readonly x: number; readonly y: number }>;
  /** Drags from one place to another in steps. @param whileDown what happens before the button is let go */
  readonly drag: (from: Place, to: Place, whileDown?: () => Promise<void>) => Promise<void>;
  readonly click: (place: Place) => Promise<void>;
  /** Segments of the open video as the service has them, once it has acknowledged every edit. */
  readonly segments: () => Promise<readonly SegmentInfo[]>;
  /** Selected entries of the parallel list, as they are read aloud. */
  readonly selected: () => Promise<readonly string[]>;
  readonly tab: (name: 'segment' | 'list' | 'labels' | 'history') => Promise<void>;
  readonly goTo: (text: string) => Promise<void>;
}

export function annotatePage(page: Page): AnnotatePage {
  const { ask, goTo } = windowPage(page);
  const canvas = page.getByTestId('timeline-canvas');
  const stage = page.getByTestId('stage');
  const time = page.getByTestId('time');
  let durationSec = 0;
  let videoId = '';
  let frames = 0;

  const at = async ({ sec, label }: Place): Promise<{ x: number; y: number }> => {
    const [box, head] = await Promise.all([
      canvas.boundingBox(),
      page.getByTestId(`track-${label}`).boundingBox(),
    ]);
    if (box === null || head === null) throw new Error(`The track ${label} is not on the screen.`);
    const pxPerSec = (box.width - 2 * MARGIN_PX) / durationSec;
    return { x: box.x + MARGIN_PX + sec * pxPerSec, y: head.y + 11 };
  };

  return {
    canvas,
    stage,
    open: async (name) => {
      await goTo('annotate');
      await page.locator('[data-region="videos"]').getByRole('link', { name }).click();
      await page.getByRole('heading', { name }).waitFor();
      const { items } = await ask('videos.list', { search: name });
      const video = items.find((one) => one.name === name);
      if (video === undefined) throw new Error(`There is no video ${name}.`);
      videoId = video.id;
      durationSec = video.durationSec;
      frames = video.frameCount;
      await page.locator('[data-testid=stage]:not([data-frame="-1"])').waitFor();
    },
    playhead: async () => Number(/f (\d+)/.exec((await time.textContent()) ?? '')?.[1]),
    showsFrame: async (frame) => {
      await page.locator(`[data-testid=stage][data-frame="${frame}"]`).waitFor();
    },
    frameCount: () => frames,
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    showAll: async () => {
      await page
        .getByTestId('timeline')
        .getByRole('button', { name: /Show everything|显示全部/ })
        .click();
    },
    at,
    drag: async (from, to, whileDown) => {
      const [start, end] = [await at(from), await at(to)];
      await page.mouse.move(start.x, start.y);
      await page.mouse.down();
      await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
      await page.mouse.move(end.x, end.y, { steps: 4 });
      await whileDown?.();
      await page.mouse.up();
    },
    click: async (place) => {
      const { x, y } = await at(place);
      await page.mouse.click(x, y);
    },
    segments: async () => {
      await page.locator('[data-waiting-edits="0"]').waitFor({ state: 'attached' });
      return (await ask('document.get', { videoId })).segments;
    },
    selected: () => page.locator('[data-testid=timeline-list] button[aria-pressed=true]').allTextContents(),
    tab: (name) => page.getByTestId(`tab-${name}`).click(),
    goTo: async (text) => {
      await page.keyboard.press('g');
      await page.getByTestId('go-to').fill(text);
      await page.keyboard.press('Enter');
      await page.getByTestId('go-to').waitFor({ state: 'detached' });
    },
  };
}
