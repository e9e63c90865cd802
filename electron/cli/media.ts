/** Media for one command: decoding in a process of its own (a file that crashes a decoder gives an error, not a dead command), caches thrown away after. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMedia, type MediaService } from '#service/media/service';

/** Calls `use` with a media service and cleans up behind it. */
export async function withMedia<T>(use: (media: MediaService) => Promise<T>): Promise<T> {
  const cacheFolder = await mkdtemp(path.join(tmpdir(), 'lofi-studio-'));
  const media = createMedia({ cacheFolder });
  try {
    return await use(media);
  } finally {
    media.dispose();
    await rm(cacheFolder, { recursive: true, force: true });
  }
}
