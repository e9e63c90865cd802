/**
 * What names the content of a file: fingerprints, full hashes, and finding files that were moved or renamed.
 */
import { copyFile, mkdir, mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentHash, fullHash } from '#service/media/file/contentHash';
import { findMoved, stateOf } from '#service/media/file/relink';
import { createMedia, type MediaService } from '#service/media/service';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';

let folder = '';
let media: MediaService;
const at = (name: string): string => join(folder, name);
const fileNamed = (file: string): string => at(join('seeds', file));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-content-'));
  await makeAwkward(
    at('seeds'),
    AWKWARD.filter(({ file }) => ['bframes.mp4', 'vfr.mkv', 'hevc.mp4'].includes(file)),
  );
  media = createMedia({ cacheFolder: at('cache') });
});
afterAll(async () => {
  media.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('content', () => {
  it('is named by size, head, tail and samples; a change or a cut gives another name', async () => {
    const path = at('big.bin');
    const bytes = Buffer.alloc(12_000_000, 7);
    await writeFile(path, bytes);
    const before = await contentHash(path);
    expect(await contentHash(await copyTo(path, at('copy.bin')))).toBe(before);
    await truncate(path, 11_999_999);
    const cut = await contentHash(path);
    bytes[11_999_999] = 8;
    await writeFile(path, bytes);
    expect(new Set([before, cut, await contentHash(path)]).size).toBe(3);
    // The fast hash samples: only the full one is certain about a byte in the middle.
    const full = await fullHash(path);
    bytes[6_000_001] = 9;
    await writeFile(path, bytes);
    expect(await fullHash(path)).not.toBe(full);
  });

  it('finds moved and renamed videos, and takes no other file of the same name', async () => {
    const lost = [];
    for (const file of ['bframes.mp4', 'vfr.mkv']) {
      const path = fileNamed(file);
      lost.push({
        path: at(join('old', file)),
        contentHash: await contentHash(path),
        bytes: (await stat(path)).size,
      });
    }
    await mkdir(at('new/deep'), { recursive: true });
    await copyTo(fileNamed('bframes.mp4'), at('new/deep/renamed.mp4'));
    await copyTo(fileNamed('hevc.mp4'), at('new/bframes.mp4'));
    expect(await stateOf({ ...lost[0]!, path: at('new/bframes.mp4') })).toBe('changed');
    expect(await stateOf({ ...lost[0]!, path: at('new/deep/renamed.mp4') })).toBe('there');
    expect(await stateOf(lost[1]!)).toBe('missing');
    expect([...(await findMoved(lost, [at('new')]))]).toEqual([
      [lost[0]!.contentHash, at('new/deep/renamed.mp4')],
    ]);
  });

  it('a file that is overwritten under its name is read anew', async () => {
    const path = await copyTo(fileNamed('bframes.mp4'), at('changing.mp4'));
    expect((await media.probe(path)).codec).toBe('h264');
    await copyTo(fileNamed('hevc.mp4'), at('next.mp4'));
    await rename(at('next.mp4'), path);
    expect((await media.probe(path)).codec).toBe('hevc');
  });

  it('a file is told from one with the same fingerprint once every byte was read', async () => {
    const path = at('twin.bin');
    const bytes = Buffer.alloc(12_000_000, 7);
    await writeFile(path, bytes);
    const certain = createMedia({ cacheFolder: at('certain'), fullHashes: true });
    try {
      const name = await certain.contentHash(path);
      await certain.hashesSettled();
      expect(await certain.contentHash(path)).toBe(name);
      // Between two samples.
      bytes[6_000_001] = 9;
      await writeFile(path, bytes);
      expect(await contentHash(path)).toBe(name);
      await certain.contentHash(path);
      await certain.hashesSettled();
      expect(await certain.contentHash(path)).not.toBe(name);
      const again = createMedia({ cacheFolder: at('certain'), fullHashes: true });
      expect(await again.contentHash(path)).toBe(await certain.contentHash(path));
      again.dispose();
    } finally {
      certain.dispose();
    }
  });
});

async function copyTo(from: string, to: string): Promise<string> {
  await copyFile(from, to);
  return to;
}
