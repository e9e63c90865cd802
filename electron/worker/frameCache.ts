/**
 * Decoded frames at full side on the disk: every video is decoded once a job, then read by offset. Can be deleted at any time.
 */
import { mkdir, open, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FrameSource } from '#core/data/assemble';
import { StudioError } from '#core/contract/errors';
import { mixSeed } from '#core/util/random';
import { sampleFrames } from '#service/media/sample';
import type { FrameIndex } from '#service/media/frameIndex';

/** A video whose frames are to be kept. */
export interface CachedVideo {
  readonly id: string;
  readonly path: string;
  readonly contentHash: string;
  readonly index: FrameIndex;
  /** Frame numbers, ascending, each once. */
  readonly frames: Int32Array;
}

/** A frame source that must be closed. */
export interface FrameCache extends FrameSource {
  /** Decodes a video unless it is there already. */
  prepare(video: CachedVideo, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface OpenVideo {
  readonly file: FileHandle;
  /** Frame number → place in the file. */
  readonly place: ReadonlyMap<number, number>;
}

/** Frames decoded in one go: bounds memory for long videos. */
const FRAMES_PER_PASS = 4096;

/** Opens the cache for frames of a side. */
export function openFrameCache(cache: string, side: number): FrameCache {
  const folder = join(cache, 'frames');
  const frameBytes = side * side * 3;
  const videos = new Map<string, OpenVideo>();

  const decode = async (video: CachedVideo, path: string, signal: AbortSignal): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const temporary = `${path}.${randomUUID()}.part`;
    const file = await open(temporary, 'w');
    try {
      for (let at = 0; at < video.frames.length; at += FRAMES_PER_PASS) {
        const frameIndices = video.frames.slice(at, at + FRAMES_PER_PASS);
        const request = { frameIndices, side, fit: 'square-crop' as const };
        await file.writeFile(await sampleFrames(video.path, video.index, request, { signal }));
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  };

  return {
    side,
    prepare: async (video, signal) => {
      const key = mixSeed(video.frames.join()).toString(16);
      const path = join(folder, `${video.contentHash}-${side}-${video.frames.length}-${key}.rgb`);
      const known = await stat(path).catch(() => null);
      if (known?.size !== video.frames.length * frameBytes) await decode(video, path, signal);
      await videos.get(video.id)?.file.close();
      const place = new Map<number, number>();
      video.frames.forEach((frame, at) => place.set(frame, at));
      videos.set(video.id, { file: await open(path, 'r'), place });
    },
    read: async (videoId, indices) => {
      const video = videos.get(videoId);
      if (video === undefined)
        throw new StudioError('internal', `The frames of video "${videoId}" were not decoded.`);
      const out = new Uint8Array(indices.length * frameBytes);
      let i = 0;
      while (i < indices.length) {
        const first = video.place.get(indices[i]!);
        if (first === undefined)
          throw new StudioError('internal', `Frame ${indices[i]} of video "${videoId}" was not decoded.`);
        let run = 1;
        while (i + run < indices.length && video.place.get(indices[i + run]!) === first + run) run += 1;
        await video.file.read(out, i * frameBytes, run * frameBytes, first * frameBytes);
        i += run;
      }
      return out;
    },
    close: async () => {
      for (const { file } of videos.values()) await file.close();
      videos.clear();
    },
  };
}
