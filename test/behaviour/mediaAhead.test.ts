/**
 * Pictures made before they are asked for: the same bytes as on request, never in the way of a request, whatever is interrupted when.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#core/util/random';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import type { DecodeCalls, Still } from '#service/media/isolate/protocol';
import { aroundInGop, createStills, type Stills } from '#service/media/isolate/stills';
import { createMedia, type MediaService } from '#service/media/service';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';

import { readNumber } from '../fixtures/videos/pattern.ts';
import { ONE_GOP } from '../fixtures/videos/seeks.ts';

type StillRequest = DecodeCalls['frame']['args'];

const FILES = AWKWARD.filter(({ file }) =>
  [
    'longgop.mp4',
    'bframes.mp4',
    'opengop.mp4',
    'vfr.mkv',
    'stream.ts',
    'fragments.mp4',
    'late.mkv',
    'camcorder.avi',
    'twice.mkv',
    'hevc.mp4',
    'h264.avi',
    'cut.mp4',
    'open.ts',
  ].includes(file),
);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-ahead-'));
  await makeAwkward(folder, FILES);
  await ONE_GOP.make(join(folder, ONE_GOP.file));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const requestOf = (path: string, frame: number, others: Partial<StillRequest> = {}): StillRequest => ({
  path,
  contentHash: path,
  indexFolder: '',
  format: 'jpg',
  maxWidth: 0,
  maxHeight: 0,
  purpose: 'shown',
  frame,
  ...others,
});

/** All parts of a picture. */
function whole(parts: Generator<void, Still>): Still {
  for (;;) {
    const { done, value } = parts.next();
    if (done === true) return value;
  }
}

const numberIn = ({ data, width, height }: Still): number =>
  readNumber(
    data.filter((_, i) => i % 4 !== 3),
    width,
    height,
  );

describe('the GOP around a picture', () => {
  it('is made ahead, the same bytes as on request', () => {
    const path = join(folder, 'longgop.mp4');
    const index = buildFrameIndex(path);
    const stills = createStills(() => undefined);
    const alone = createStills(() => undefined);
    try {
      whole(stills.give(requestOf(path, 70), index));
      while (stills.ahead());
      for (let frame = 0; frame < 120; frame += 1) {
        const kept = stills.give(requestOf(path, frame), index).next();
        // Nothing is decoded: the first part is the picture.
        expect([frame, kept.done]).toEqual([frame, true]);
        if (kept.done !== true || frame % 17 !== 0) continue;
        const fresh = whole(alone.give(requestOf(path, frame), index));
        expect(kept.value.pts).toBe(fresh.pts);
        expect(Buffer.compare(Buffer.from(kept.value.data), Buffer.from(fresh.data))).toBe(0);
      }
      expect([...aroundInGop(index, 118)].slice(0, 2)).toEqual([119, 0]);
    } finally {
      stills.close();
      alone.close();
    }
  });
});

describe('likely frames', () => {
  const serve = async (use: (media: MediaService, path: string) => Promise<void>): Promise<void> => {
    const media = createMedia({ cacheFolder: join(folder, `cache${Math.random()}`) });
    try {
      const path = join(folder, ONE_GOP.file);
      await media.frame(path, 0, { format: 'jpg' });
      await use(media, path);
    } finally {
      media.dispose();
    }
  };

  it('are there when they are asked for', () =>
    serve(async (media, path) => {
      const likely = await media.frame(path, 200, { format: 'jpg', likely: true });
      expect(likely.tookMs).toBeGreaterThan(0);
      const asked = await media.frame(path, 200, { format: 'jpg' });
      expect([asked.tookMs, Buffer.compare(Buffer.from(asked.data), Buffer.from(likely.data))]).toEqual([
        0, 0,
      ]);
    }));

  it('let every other frame go first, and come after all', () =>
    serve(async (media, path) => {
      const order: string[] = [];
      const get = async (name: string, frame: number, likely: boolean): Promise<void> => {
        expect(numberIn(await media.frame(path, frame, { format: 'rgba', likely }))).toBe(frame);
        order.push(name);
      };
      const far = get('likely', 239, true);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all([get('asked', 120, false), get('asked then', 30, false), far]);
      expect(order.slice(0, 2).sort()).toEqual(['asked', 'asked then']);
      expect(order.at(-1)).toBe('likely');
    }));

  it('give way to the next one, of which the page may know better', () =>
    serve(async (media, path) => {
      const first = media.frame(path, 239, { format: 'jpg', likely: true });
      const other = media.frame(path, 100, { format: 'jpg', likely: true });
      await expect(first).rejects.toMatchObject({ code: 'cancelled' });
      expect((await other).pts).toBe((await media.frameIndex(path)).pts[100]);
    }));

  it('are given up at once, and the process lives on', () =>
    serve(async (media, path) => {
      const [pid] = media.pids();
      const control = new AbortController();
      const far = media.frame(path, 239, { format: 'jpg', likely: true, signal: control.signal });
      setTimeout(() => control.abort(), 20);
      await expect(far).rejects.toMatchObject({ code: 'cancelled' });
      expect(numberIn(await media.frame(path, 5, { format: 'rgba' }))).toBe(5);
      expect(media.pids()[0]).toBe(pid);
    }));

  const partsOf = (parts: Generator<void, Still>): number => {
    let count = 0;
    while (parts.next().done !== true) count += 1;
    return count;
  };

  it('that lie on the way of a jump cost nothing after it, and are the same', () => {
    const path = join(folder, ONE_GOP.file);
    const index = buildFrameIndex(path);
    const stills = createStills(() => undefined);
    const alone = createStills(() => undefined);
    try {
      const also = [100, 171, 4000];
      const jump = partsOf(stills.give(requestOf(path, 220, { also }), index));
      // Leaving out what no frame is built on still pays.
      expect(jump).toBeLessThanOrEqual(partsOf(alone.give(requestOf(path, 220), index)) + 2);
      for (const frame of [100, 171]) {
        const likely = requestOf(path, frame, { purpose: 'likely', at: 220, format: 'rgba' });
        const { done, value } = stills.give(likely, index).next();
        expect([frame, done, done === true && numberIn(value)]).toEqual([frame, true, frame]);
      }
      // The decoder has not moved: the next frame is one step away.
      expect(partsOf(stills.give(requestOf(path, 221), index))).toBeLessThanOrEqual(2);
    } finally {
      stills.close();
      alone.close();
    }
  });

  it('leave decoders behind, from which later jumps go on', () => {
    const path = join(folder, ONE_GOP.file);
    const index = buildFrameIndex(path);
    const stills = createStills(() => undefined);
    try {
      whole(stills.give(requestOf(path, 150), index));
      whole(stills.give(requestOf(path, 60, { purpose: 'likely', at: 150 }), index));
      whole(stills.give(requestOf(path, 61), index));
      // Back to the first place, and a little further.
      expect(partsOf(stills.give(requestOf(path, 153), index))).toBeLessThanOrEqual(4);
      expect(partsOf(stills.give(requestOf(path, 64), index))).toBeLessThanOrEqual(4);
    } finally {
      stills.close();
    }
  });

  it('continue where they were when the person asks for them', () => {
    const path = join(folder, ONE_GOP.file);
    const index = buildFrameIndex(path);
    const stills = createStills(() => undefined);
    const alone = createStills(() => undefined);
    try {
      whole(stills.give(requestOf(path, 0), index));
      const likely = stills.give(requestOf(path, 239, { purpose: 'likely' }), index);
      for (let i = 0; i < 60; i += 1) expect(likely.next().done).toBe(false);
      const rest = partsOf(stills.give(requestOf(path, 239), index));
      expect(rest).toBeLessThan(partsOf(alone.give(requestOf(path, 239), index)) - 50);
    } finally {
      stills.close();
      alone.close();
    }
  });
});

describe.each(FILES.map((video) => [video.name, video] as const))('%s', (_name, video) => {
  it('gives the right frame whatever was interrupted before', () => {
    const path = join(folder, video.file);
    const index = buildFrameIndex(path);
    const random = createRandom(3);
    const stills: Stills = createStills(() => undefined);
    const count = index.pts.length;
    try {
      for (let round = 0; round < 60; round += 1) {
        const purpose = random.integer(2) === 0 ? 'likely' : 'shown';
        const frame = random.integer(count);
        const parts = stills.give(requestOf(path, frame, { purpose, format: 'rgba' }), index);
        const most = purpose === 'likely' ? random.integer(12) : Infinity;
        for (let part = 0; part <= most; part += 1) {
          const { done, value } = parts.next();
          if (done !== true) continue;
          expect([frame, value.pts, numberIn(value)]).toEqual([
            frame,
            index.pts[frame],
            video.numbers[frame],
          ]);
          break;
        }
        // Pictures around an earlier one are made in between, in unfinished parts as well.
        if (random.integer(3) === 0) whole(stills.give(requestOf(path, random.integer(count)), index));
        for (let part = random.integer(20); part > 0; part -= 1) stills.ahead();
      }
    } finally {
      stills.close();
    }
  });
});
