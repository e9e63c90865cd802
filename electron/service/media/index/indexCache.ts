/**
 * Frame indexes on disk, one small binary file each, named by the video's content hash. Can be deleted at any time.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '#service/media/file/contentHash';
import { buildFrameIndex, type FrameIndex } from './frameIndex.ts';
import { writeFileWhole } from '#service/media/file/wholeFiles';
import { packIndex, unpackIndex } from './indexFile.ts';

/**
 * The index of a video, from the cache where it is there, else made and kept.
 *
 * @param known the file's content hash where the caller has it already
 */
export async function openFrameIndex(
  path: string,
  cacheFolder: string,
  {
    signal,
    known,
    onWork,
  }: { readonly signal?: AbortSignal; readonly known?: string; readonly onWork?: () => void } = {},
): Promise<FrameIndex> {
  const hash = known ?? (await contentHash(path));
  const file = join(cacheFolder, `${hash}.frames`);
  const cached = await readFile(file).then(unpackIndex, () => null);
  if (cached !== null) return cached;
  const index = buildFrameIndex(path, signal, onWork);
  await writeFileWhole(file, packIndex(index));
  return index;
}
