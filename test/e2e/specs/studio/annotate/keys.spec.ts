import { beforeEach, describe, expect, it } from 'vitest';
import { RATE, useKitchen } from '../../../fixtures/kitchen.ts';
import { windowPage } from '../../../pages/window.ts';

describe('annotating by keys (NLE profile)', () => {
  const { studio, annotate, videoName } = useKitchen();
  beforeEach(() => annotate().press('Escape', 'Escape', 'Escape', 'k', 'Home'));

  /** Segments as label and frames, sorted; the end is the frame after the last. */
  const segments = async (): Promise<readonly string[]> => {
    const { ask } = windowPage(studio().page);
    const labels = new Map((await ask('labels.list', {})).map((label) => [label.id, label.name]));
    return (await annotate().segments())
      .map(
        ({ labelId, startSec, endSec }) =>
          `${labels.get(labelId) ?? '?'} ${Math.round(startSec * RATE)}–${Math.round(endSec * RATE)}`,
      )
      .sort();
  };
  const reviews = async (): Promise<readonly string[]> => {
    const { ask } = windowPage(studio().page);
    const { items } = await ask('videos.list', { sort: 'predictions', descending: true });
    const lists = await Promise.all(items.map((video) => ask('predictions.list', { videoId: video.id })));
    return lists.flat().map((one) => one.review);
  };
  const speed = (): Promise<string> => studio().page.locator('.speed').innerText();
  const playing = async (): Promise<boolean> =>
    (await studio().page.getByRole('button', { name: 'Pause' }).count()) > 0;

  it('steps by frames, seconds and ten seconds, and goes to both ends', async () => {
    for (const [key, frame] of [
      ['ArrowRight', 1],
      ['.', 2],
      ['ArrowLeft', 1],
      [',', 0],
      ['Shift+ArrowRight', RATE],
      ['Control+ArrowRight', 11 * RATE],
      ['Control+ArrowLeft', RATE],
      ['Shift+ArrowLeft', 0],
    ] as const) {
      await annotate().press(key);
      await annotate().showsFrame(frame);
      expect(await annotate().playhead()).toBe(frame);
    }
    await annotate().press('End');
    expect(await annotate().playhead()).toBe(annotate().frameCount() - 1);
  });

  it('goes to a time, a frame, a timecode, and by steps', async () => {
    for (const [text, frame] of [
      ['12.5', 75],
      ['f37', 37],
      ['0:03', 18],
      ['00:00:02:03', 15],
      ['+f5', 20],
      ['-1', 14],
    ] as const) {
      await annotate().goTo(text);
      expect(await annotate().playhead()).toBe(frame);
    }
  });

  it('plays and pauses on the exact frame', async () => {
    await annotate().press('Space');
    await expect.poll(() => annotate().playhead()).toBeGreaterThan(3);
    await annotate().press('Space');
    expect(await playing()).toBe(false);
    await annotate().showsFrame(await annotate().playhead());
  });

  it('shuttles by J, K and L: faster with each press, back the other way, K and L a frame', async () => {
    await annotate().press('l', 'l', 'l');
    expect(await speed()).toBe('4×');
    await expect.poll(() => annotate().playhead()).toBeGreaterThan(30);
    await annotate().press('j');
    expect(await speed()).toBe('−1×');
    const from = await annotate().playhead();
    await expect.poll(() => annotate().playhead()).toBeLessThan(from - 3);
    await annotate().press('k');
    expect([await speed(), await playing()]).toEqual(['1×', false]);
    const stopped = await annotate().playhead();
    await studio().page.keyboard.down('k');
    await annotate().press('l');
    await studio().page.keyboard.up('k');
    expect([await annotate().playhead(), await playing()]).toEqual([stopped + 1, false]);
  });

  it('plays from a sixteenth to sixteen times the speed', async () => {
    for (let step = 0; step < 8; step += 1) await annotate().press('Control+[');
    expect(await speed()).toBe('1/16×');
    for (let step = 0; step < 14; step += 1) await annotate().press('Control+]');
    expect(await speed()).toBe('16×');
    await annotate().press('Space');
    await expect.poll(() => annotate().playhead()).toBe(annotate().frameCount() - 1);
    await annotate().press('k');
    expect(await speed()).toBe('1×');
  });

  it('opens and closes a segment by its digit, with both frames inside', async () => {
    await annotate().goTo('f6');
    await annotate().press('1');
    await annotate().goTo('f11');
    await annotate().press('1');
    expect(await segments()).toEqual(['pour 6–12', 'stir 36–54']);
  });

  it('takes the reaction time off while playing', async () => {
    const { ask } = windowPage(studio().page);
    await ask('settings.set', { reactionTimeMs: 1000 });
    await annotate().goTo('f60');
    await annotate().press('Space');
    await expect.poll(() => annotate().playhead()).toBeGreaterThanOrEqual(70);
    await annotate().press('3');
    await annotate().press('Space');
    const pressedAt = await annotate().playhead();
    await ask('settings.set', { reactionTimeMs: 0 });
    await annotate().goTo('f90');
    await annotate().press('3');
    const made = (await segments()).find((text) => text.startsWith('cut'));
    const first = Number(/ (\d+)–/.exec(made ?? '')?.[1]);
    // A second is six frames; the playhead may have moved on a little after the press.
    expect(first).toBeGreaterThanOrEqual(pressedAt - RATE - 4);
    expect(first).toBeLessThanOrEqual(pressedAt - RATE);
    await annotate().press('Control+z');
    await expect.poll(segments).toEqual(['pour 6–12', 'stir 36–54']);
  });

  it('marks a range by I and O and keeps it by Enter or a digit', async () => {
    await annotate().goTo('f100');
    await annotate().press('i');
    await annotate().goTo('f104');
    await annotate().press('o', '3');
    expect(await segments()).toContain('cut 100–105');
    await annotate().press('Control+z');
    await expect.poll(segments).toEqual(['pour 6–12', 'stir 36–54']);
  });

  it('walks through segments, moves their edges, goes to them, loops and plays them', async () => {
    await annotate().press('Tab');
    await expect.poll(() => annotate().selected()).toEqual([expect.stringContaining('pour')]);
    await annotate().press(']', '{', 'Alt+]');
    expect(await segments()).toContain('pour 10–11');
    await annotate().press('Alt+[', '[', '}');
    expect(await segments()).toContain('pour 0–12');
    await annotate().goTo('f6');
    await annotate().press('i');
    expect(await segments()).toContain('pour 6–12');
    await annotate().press('Tab');
    await annotate().press('Shift+o');
    expect(await annotate().playhead()).toBe(53);
    await annotate().press('Shift+i');
    expect(await annotate().playhead()).toBe(36);
    await annotate().press('Shift+Space');
    await expect.poll(playing).toBe(false);
    expect(await annotate().playhead()).toBe(53);
    await annotate().press('Control+l');
    await expect.poll(() => annotate().playhead()).toBeGreaterThan(50);
    // Back at the pre-roll: it loops.
    await expect.poll(() => annotate().playhead()).toBeLessThan(36);
    await annotate().press('Control+l', 'k', 'Shift+Tab');
    await expect.poll(() => annotate().selected()).toEqual([expect.stringContaining('pour')]);
  });

  it('jumps to boundaries', async () => {
    const seen: number[] = [];
    for (let step = 0; step < 4; step += 1) {
      await annotate().press('ArrowDown');
      seen.push(await annotate().playhead());
    }
    expect(seen).toEqual([6, 11, 36, 53]);
    await annotate().press('ArrowUp');
    expect(await annotate().playhead()).toBe(36);
  });

  it('splits, merges, undoes and redoes', async () => {
    await annotate().goTo('f45');
    await annotate().press('b');
    await expect.poll(segments).toEqual(['pour 6–12', 'stir 36–45', 'stir 45–54']);
    await annotate().press('Home', 'Tab', 'Tab', 'm');
    await expect.poll(segments).toEqual(['pour 6–12', 'stir 36–54']);
    await annotate().press('Control+z');
    await expect.poll(segments).toHaveLength(3);
    await annotate().press('Control+Shift+z');
    await expect.poll(segments).toHaveLength(2);
    await annotate().press('Control+z');
    await expect.poll(segments).toHaveLength(3);
    await annotate().press('Control+y');
    await expect.poll(segments).toHaveLength(2);
  });

  it('relabels by digit, by the track above and below, and by typing a name', async () => {
    await annotate().press('Tab', '3');
    await expect.poll(segments).toContain('cut 6–12');
    await annotate().press('Alt+ArrowUp');
    await expect.poll(segments).toContain('stir 6–12');
    await annotate().press('/');
    await studio().page.getByTestId('label-picker').getByRole('textbox').fill('po');
    await annotate().press('Enter');
    await expect.poll(segments).toContain('pour 6–12');
  });

  it('adds a point event, says what is fully labelled, deletes', async () => {
    await studio().page.getByTestId('track-pour').click();
    await annotate().goTo('f20');
    await annotate().press('x');
    await expect.poll(segments).toContain('pour 20–20');
    await annotate().press('Tab', 'Delete');
    await expect.poll(async () => (await segments()).filter((text) => text === 'pour 20–20')).toEqual([]);
    await annotate().press('Escape', 'Home', 'Tab', 'c');
    const { ask } = windowPage(studio().page);
    await expect
      .poll(async () => {
        const { items } = await ask('videos.list', {});
        return items.some((video) => video.coveredShare > 0.04);
      })
      .toBe(true);
    await annotate().press('Control+z');
  });

  it('accepts and rejects predictions, one by one and by confidence, as single steps', async () => {
    const { page } = studio();
    await annotate().press('n', 'Enter');
    await expect.poll(reviews).toEqual(['accepted', 'predicted', 'predicted']);
    await annotate().press('n', 'Backspace');
    await expect.poll(reviews).toEqual(['accepted', 'rejected', 'predicted']);
    await annotate().press('Control+z', 'Control+z');
    await expect.poll(reviews).toEqual(['predicted', 'predicted', 'predicted']);
    // The page itself must have heard of it, too.
    await expect.poll(() => page.getByTestId('track-cut').innerText()).toContain('2?');
    await page.getByLabel(/Confidence from/).fill('50');
    await annotate().press('Escape', 'Shift+A');
    await expect.poll(reviews).toEqual(['accepted', 'accepted', 'predicted']);
    await annotate().press('Shift+R');
    await expect.poll(reviews).toEqual(['accepted', 'accepted', 'rejected']);
    await annotate().press('Control+z', 'Control+z');
    await expect.poll(reviews).toEqual(['predicted', 'predicted', 'predicted']);
    await page.getByLabel(/Confidence from/).fill('0');
  });

  it('zooms and fits, snaps or not, moves and folds tracks', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const zoom = (): Promise<number> =>
      page.getByLabel('Zoom', { exact: true }).evaluate((e) => Number((e as HTMLInputElement).value));
    await annotate().press('+', '+', '-');
    expect(await zoom()).toBeGreaterThan(3);
    await annotate().press('\\');
    expect(await zoom()).toBe(0);
    await annotate().press('Tab', 'z');
    expect(await zoom()).toBeGreaterThan(3);
    await annotate().press('z', 's');
    await expect.poll(async () => (await ask('settings.get', {})).snap).toBe(false);
    await annotate().press('s');
    await expect.poll(async () => (await ask('settings.get', {})).snap).toBe(true);
    await annotate().press('Alt+Shift+ArrowDown');
    await expect
      .poll(async () => (await ask('labels.list', {})).toSorted((a, b) => a.order - b.order)[0]?.name)
      .toBe('stir');
    await annotate().press('Control+z', 'Alt+f');
    await page.getByRole('button', { name: 'Unfold pour' }).click();
  });

  it('copies segments to another video', async () => {
    await annotate().press('Tab', 'Control+c', 'PageDown');
    await studio()
      .page.getByRole('heading', { name: videoName(1) })
      .waitFor();
    await annotate().open(videoName(1));
    await annotate().press('Home');
    await annotate().goTo('f30');
    await annotate().press('Control+v');
    await expect.poll(segments).toEqual(['pour 30–36']);
    await annotate().press('PageUp');
    await annotate().open(videoName(0));
  });

  it('edits in the list and in the segment panel, and never labels while somebody types', async () => {
    const { page } = studio();
    await annotate().press('Control+f');
    await page.getByPlaceholder('Search labels and notes').fill('stir');
    await annotate().press('1', 'b', 'Escape');
    await page.getByPlaceholder('Search labels and notes').fill('');
    expect(await segments()).toEqual(['pour 6–12', 'stir 36–54']);
    const row = page.getByRole('tabpanel').getByRole('listitem').first();
    await row.getByLabel('Label').selectOption({ label: 'cut' });
    await expect.poll(segments).toEqual(['cut 6–12', 'stir 36–54']);
    await row.getByLabel('Note').fill('left hand');
    await annotate().press('Enter');
    await expect.poll(async () => (await annotate().segments())[0]?.note).toBe('left hand');
    await row.getByRole('button').first().click();
    await annotate().tab('segment');
    await page.getByTestId('segment-end').fill('f15');
    await annotate().press('Enter');
    await expect.poll(segments).toEqual(['cut 6–15', 'stir 36–54']);
  });

  it('keeps every step in the history, to go back to', async () => {
    const { page } = studio();
    await annotate().tab('history');
    await page.getByText('Edit note of cut').waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Edit note of cut' })
      .getByRole('button', { name: 'Go back to before this' })
      .click();
    await expect.poll(segments).toEqual(['cut 6–12', 'stir 36–54']);
    await annotate().tab('segment');
    await annotate().press('F1');
    await page.getByRole('dialog').getByText('Split at the playhead').waitFor();
    await annotate().press('Escape');
    expect(studio().complaints).toEqual([]);
  });
});
