import { describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { startPage } from '../../pages/start.ts';
import { windowPage, type ScreenName } from '../../pages/window.ts';

const SCREENS: readonly ScreenName[] = [
  'annotate',
  'train',
  'review',
  'evaluate',
  'models',
  'settings',
  'library',
];

describe('the sample project', () => {
  const studio = useStudio();

  it('opens with one click, with videos and labels in it', async () => {
    const { page } = studio();
    await startPage(page).openSample();
    const { ask } = windowPage(page);
    expect(await ask('project.current', {})).toMatchObject({ name: 'Sample', videoCount: 14 });
    const { items } = await ask('videos.list', {});
    await page
      .getByText(items[0]?.name ?? 'a video')
      .first()
      .waitFor();
  });

  it('shows every screen without a complaint', async () => {
    const { page, complaints } = studio();
    for (const screen of SCREENS) {
      await windowPage(page).goTo(screen);
      await page
        .locator(`main[data-screen="${screen}"]`)
        .getByText(/\S/)
        .first()
        .waitFor({ state: 'attached' });
    }
    expect(complaints).toEqual([]);
  });

  it('plays a video in ranges and shows exact frames', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const [{ mediaBase }, { items }] = await Promise.all([ask('app.info', {}), ask('videos.list', {})]);
    const video = `${mediaBase}/video/${items[0]?.id ?? ''}`;
    const seen = await page.evaluate(
      async ([address, frame]) => {
        const part = await fetch(address, { headers: { range: 'bytes=10-19' } });
        const element = document.createElement('video');
        element.src = address;
        const durationSec = await new Promise<number>((resolve, reject) => {
          element.onloadedmetadata = () => resolve(element.duration);
          element.onerror = () => reject(new Error(element.error?.message ?? 'not playable'));
        });
        element.currentTime = durationSec / 2;
        await new Promise((resolve) => (element.onseeked = resolve));
        const picture = await createImageBitmap(await (await fetch(frame)).blob());
        return {
          status: part.status,
          bytes: (await part.arrayBuffer()).byteLength,
          durationSec,
          soughtSec: element.currentTime,
          width: picture.width,
        };
      },
      [video, `${mediaBase}/frame/${items[0]?.id ?? ''}/10.png`] as const,
    );
    expect(seen).toMatchObject({ status: 206, bytes: 10, width: items[0]?.width });
    expect(seen.durationSec).toBeCloseTo(items[0]?.durationSec ?? 0, 0);
    expect(seen.soughtSec).toBeCloseTo(seen.durationSec / 2, 1);
  });
});
